//! The load generator: kept-alive connections on a thread of their own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::calls::{Own, Template};
use super::latency::{Latencies, micros};

pub(super) const CONNECTIONS: usize = 64;
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 4096;

/// When calls are made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load {
    /// Each connection makes its next call as soon as the last one is answered: as many as are taken.
    Closed,
    /// Calls arrive at random times, so many a second on average, whether or not the last ones are answered.
    Open { per_second: f64 },
}

/// What came of a load.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) answers: BTreeMap<u16, usize>,
    pub(super) elapsed: Duration,
    /// From the time at which a call was due to its answer.
    pub(super) latencies: Latencies,
}

impl Measured {
    /// Successful answers a second.
    pub(super) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "millions at most")]
        let accepted = self.accepted() as f64;
        accepted / self.elapsed.as_secs_f64()
    }

    pub(super) fn accepted(&self) -> usize {
        self.answers
            .iter()
            .filter(|(status, _)| (200..300).contains(*status))
            .map(|(_, count)| count)
            .sum()
    }

    /// Fails when any call was not answered 2xx.
    pub(super) fn all_accepted(self) -> Result<Self> {
        if self.accepted() != self.latencies.count() {
            bail!("not every call was accepted; calls by status: {:?}", self.answers);
        }
        Ok(self)
    }
}

/// Calls `address` for so long; returns when the last call is answered.
pub(super) async fn generate(
    address: SocketAddr,
    template: &Template,
    load: Load,
    duration: Duration,
) -> Result<Measured> {
    let template = Arc::new(template.clone());
    // One thread beside the runtime of everything else: the generator's own cost is small and always the same.
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run(address, template, load, duration))
    })
    .await
    .context("the generator")?
}

async fn run(
    address: SocketAddr,
    template: Arc<Template>,
    load: Load,
    duration: Duration,
) -> Result<Measured> {
    let mut streams = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let arrivals: Arc<[Duration]> = match load {
        Load::Closed => Arc::default(),
        Load::Open { per_second } => arrivals(per_second, duration).into(),
    };
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut connections = JoinSet::new();
    for stream in streams {
        let mut connection = Connection::new(stream, Arc::clone(&template));
        let (arrivals, next) = (Arc::clone(&arrivals), Arc::clone(&next));
        connections.spawn(async move {
            match load {
                Load::Closed => connection.closed_loop(begun + duration).await?,
                Load::Open { .. } => connection.open_loop(begun, &arrivals, &next).await?,
            }
            anyhow::Ok(connection)
        });
    }
    let mut answers = BTreeMap::new();
    let mut latencies = Vec::new();
    while let Some(connection) = connections.join_next().await {
        let connection = connection.context("a connection of the generator")??;
        for status in connection.statuses {
            *answers.entry(status).or_default() += 1;
        }
        latencies.extend(connection.latencies);
    }
    Ok(Measured { answers, elapsed: begun.elapsed(), latencies: Latencies::of(latencies) })
}

/// The times of a Poisson process.
fn arrivals(per_second: f64, duration: Duration) -> Vec<Duration> {
    let mut arrivals = Vec::new();
    let mut at = 0.0;
    loop {
        // 1 - u lies above 0, so that its logarithm exists.
        at += -(1.0 - rand::random::<f64>()).ln() / per_second;
        if at >= duration.as_secs_f64() {
            return arrivals;
        }
        arrivals.push(Duration::from_secs_f64(at));
    }
}

struct Connection {
    stream: TcpStream,
    template: Arc<Template>,
    request: Vec<u8>,
    answer: Vec<u8>,
    statuses: Vec<u16>,
    latencies: Vec<u32>,
}

impl Connection {
    fn new(stream: TcpStream, template: Arc<Template>) -> Self {
        Self {
            stream,
            template,
            request: Vec::new(),
            answer: vec![0; ANSWER_BYTES_MAX],
            statuses: Vec::new(),
            latencies: Vec::new(),
        }
    }

    async fn closed_loop(&mut self, until: Instant) -> Result<()> {
        while Instant::now() < until {
            self.call(Instant::now()).await?;
        }
        Ok(())
    }

    async fn open_loop(
        &mut self,
        begun: Instant,
        arrivals: &[Duration],
        next: &AtomicUsize,
    ) -> Result<()> {
        while let Some(arrival) = arrivals.get(next.fetch_add(1, Ordering::Relaxed)) {
            let due = begun + *arrival;
            sleep_until(due).await;
            self.call(due).await?;
        }
        Ok(())
    }

    async fn call(&mut self, due: Instant) -> Result<()> {
        self.template.write(&Own::random(), &mut self.request);
        self.stream.write_all(&self.request).await.context("sending a call")?;
        let status =
            timeout(ANSWER_LIMIT, self.read_answer()).await.context("no answer in time")??;
        self.latencies.push(micros(due.elapsed()));
        self.statuses.push(status);
        Ok(())
    }

    async fn read_answer(&mut self) -> Result<u16> {
        let mut filled = 0;
        loop {
            let read =
                self.stream.read(&mut self.answer[filled..]).await.context("reading an answer")?;
            if read == 0 {
                bail!("the connection was closed in the middle of an answer");
            }
            filled += read;
            if let Some((status, length)) = parse(&self.answer[..filled])
                && filled >= length
            {
                return Ok(status);
            }
        }
    }
}

/// Status and whole length of an HTTP/1.1 answer whose headers are complete; one with a length, as ours all have.
fn parse(answer: &[u8]) -> Option<(u16, usize)> {
    const LENGTH: &[u8] = b"content-length: ";
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let number = |bytes: &[u8]| {
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0_usize, |number, digit| number * 10 + usize::from(digit - b'0'))
    };
    let status = u16::try_from(number(answer.get("HTTP/1.1 ".len()..)?)).ok()?;
    let length = answer[..head]
        .windows(LENGTH.len())
        .position(|bytes| bytes.eq_ignore_ascii_case(LENGTH))?;
    Some((status, head + number(&answer[length + LENGTH.len()..])))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{arrivals, parse};

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 11\r\ndate: x\r\n\r\n{\"ok\":true}";
        assert_eq!(parse(answer), Some((202, answer.len())));
        assert_eq!(parse(&answer[..30]), None);
    }

    #[test]
    fn arrivals_come_at_the_asked_rate_and_in_order() {
        let times = arrivals(10_000.0, Duration::from_secs(2));
        assert!((19_000..21_000).contains(&times.len()), "{}", times.len());
        assert!(times.is_sorted());
    }
}
