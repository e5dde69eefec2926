//! What the figures were measured on.

use std::fs;

use anyhow::Result;

use super::house::House;

/// One sentence: processor, system, servers, and how busy the machine was before the benchmark began.
pub(super) async fn describe(house: &House, load_before: &str) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let postgres: String = house.owner.query_one("show server_version", &[]).await?.get(0);
    let rabbitmq = house.servers.rabbitmq.ctl(&["version"]).await?;
    Ok(format!(
        "{cores} cores ({}), Linux {}, PostgreSQL {} with durable commits, RabbitMQ {}; generator, servers and \
         processes share the cores. Load average of the machine before the run: {load_before}.",
        processor(),
        kernel.trim(),
        postgres.split_whitespace().next().unwrap_or(&postgres),
        rabbitmq.trim(),
    ))
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.trim().to_owned())
}

/// The machine's load average over the last minute: other programs' work shows here.
pub(super) fn load_average() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("unknown").to_owned()
}
