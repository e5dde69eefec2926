//! The end of a gateway: what must hold after every test.

use std::thread;

use super::{Gateway, Member, queues};

/// What the standard library says of every panic, and a process that was still busy at the end of its drain.
const UNCLEAN: [&str; 3] = ["panicked at", "drained=false", "worked=false"];

impl Gateway {
    /// Ends everything and fails if the test was not as clean as it looked.
    ///
    /// # Panics
    /// When jobs are left although there is a worker (unless that was allowed), a process ended by itself or does
    /// not stop in good order, or a log tells of a panic or of a drain that was cut off.
    pub async fn finish(mut self) {
        let mut wrong: Vec<String> = self.members().filter_map(ended_by_itself).collect();
        self.members().filter(|it| it.is_running()).for_each(Member::thaw);
        if wrong.is_empty() && !self.may_leave_jobs {
            self.idle().await;
        }
        for member in self.members().filter(|it| it.is_running()) {
            let status = member.stop().await;
            if !status.success() {
                wrong.push(format!("{} stopped with {status}", member.name()));
            }
        }
        wrong.extend(self.members().filter_map(unclean));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // Own brokers are gone with their owner, and may be away already.
        if !self.place.is_own()
            && let Err(error) = queues::delete(self.amqp_url(), &self.queue_prefix).await
        {
            tracing::warn!("the queues of {} stay behind: {error}", self.queue_prefix);
        }
        if let Some(github) = self.github.take() {
            github.stop().await;
        }
        self.dir = None;
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        self.ingresses.iter().chain(&self.workers).chain(&self.console)
    }
}

fn ended_by_itself(member: &Member) -> Option<String> {
    let status = member.ended_by_itself()?;
    Some(format!("{} ended by itself with {status}:\n{}", member.name(), member.log_tail()))
}

fn unclean(member: &Member) -> Option<String> {
    let log = member.log();
    let line = log.lines().find(|line| UNCLEAN.iter().any(|mark| line.contains(mark)))?;
    Some(format!("{}: {line}", member.name()))
}

impl Drop for Gateway {
    #[expect(clippy::print_stderr, reason = "a failed test says here where its logs are")]
    fn drop(&mut self) {
        let Some(dir) = self.dir.take() else { return };
        let path = dir.keep();
        eprintln!("the logs of this gateway stay in {}", path.display());
        for member in self.members() {
            eprintln!("--- the end of the log of {}\n{}", member.name(), member.log_tail());
        }
        assert!(thread::panicking(), "a test ends its gateway with `finish`");
    }
}
