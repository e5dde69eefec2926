//! Processor time, by part. It says where the time goes, and hardly depends on what else the machine does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::house::House;
use super::member::Member;
use super::numbers::{Rounds, whole};
use super::report::Table;

/// Linux shows processor time in hundredths of a second, on every architecture.
const MICROS_PER_TICK: f64 = 10_000.0;

/// Processor time a call of each part, in microseconds, round by round.
pub(super) type ByPart = BTreeMap<&'static str, Rounds>;

/// Processor time of each part since its start, in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Cpu {
    parts: Vec<(&'static str, f64)>,
}

impl Cpu {
    /// Reads the clocks of the servers, of these processes of ours, and of the generator, which is this process.
    pub(super) fn read(house: &House, members: &[&Member]) -> Self {
        let everyone = everyone();
        let servers = [
            ("PostgreSQL", house.servers.postgres.pid()),
            ("RabbitMQ", house.servers.rabbitmq.pid()),
        ];
        let ours = members.iter().map(|member| (member.name(), member.pid()));
        let me = std::process::id().try_into().ok().map(|pid| ("generator", pid));
        let parts = servers.into_iter().chain(ours).chain(me);
        Self { parts: parts.map(|(name, pid)| (name, of_family(pid, &everyone))).collect() }
    }

    /// What each part has used since `before`, for each of `calls`.
    pub(super) fn per_call_since(&self, before: &Self, calls: usize) -> Vec<(&'static str, f64)> {
        #[expect(clippy::cast_precision_loss, reason = "millions at most")]
        let calls = calls.max(1) as f64;
        // What was not there before has begun since.
        let used_before = |name: &str| before.parts.iter().find(|(other, _)| *other == name);
        let used = |(name, after): &(&'static str, f64)| {
            (*name, (after - used_before(name).map_or(0.0, |(_, micros)| *micros)) / calls)
        };
        self.parts.iter().map(used).collect()
    }
}

struct Times {
    parent: i32,
    /// Its own, and that of its children that have ended.
    micros: f64,
}

fn everyone() -> BTreeMap<i32, Times> {
    let pids = fs::read_dir("/proc").into_iter().flatten();
    let pids = pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, times(pid)?))).collect()
}

fn times(pid: i32) -> Option<Times> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    // utime, stime, cutime and cstime are the fields 14 to 17; the first here is the third.
    let ticks =
        fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum::<f64>();
    Some(Times { parent: fields.get(1)?.parse().ok()?, micros: ticks * MICROS_PER_TICK })
}

/// The process and everything that descends from it; for this process only itself, as the others are its children.
fn of_family(root: i32, everyone: &BTreeMap<i32, Times>) -> f64 {
    let mut members = vec![root];
    let mut next = 0;
    while let Some(&parent) = members.get(next) {
        let me = i32::try_from(std::process::id()).ok();
        if Some(parent) != me {
            members.extend(
                everyone.iter().filter(|(_, times)| times.parent == parent).map(|(pid, _)| *pid),
            );
        }
        next += 1;
    }
    members.iter().filter_map(|pid| everyone.get(pid)).map(|times| times.micros).sum()
}

/// Processor time by part; two busy cores have two seconds a second to give.
pub(super) fn processor_table(rows: &[(String, &ByPart)]) -> Table {
    let parts: BTreeSet<&'static str> =
        rows.iter().flat_map(|(_, cpu)| cpu.keys().copied()).collect();
    let head: Vec<_> = ["processor time a call, µs"]
        .into_iter()
        .chain(parts.iter().copied())
        .chain(["all"])
        .collect();
    let mut table = Table::new(&head);
    for (name, cpu) in rows {
        let cells =
            parts.iter().map(|part| cpu.get(part).map_or_else(|| "-".to_owned(), Rounds::whole));
        let all: f64 = cpu.values().map(Rounds::median).sum();
        table.row([name.clone()].into_iter().chain(cells).chain([whole(all)]));
    }
    table
}

/// Adds a round's times.
pub(super) fn add(cpu: &mut ByPart, round: Vec<(&'static str, f64)>) {
    for (part, micros) in round {
        cpu.entry(part).or_default().push(micros);
    }
}
