//! `doctor`.

use std::fmt::Write as _;

use clap::Args;
use hookyard_admin::operations::doctor::{self, Diagnosis, Examination, Level};
use hookyard_process::SettingError;
use hookyard_queue::{BrokerSettings, InvalidBrokerSetting};
use secrecy::SecretString;

use super::clock::now;
use crate::output::Answer;
use crate::settings::Settings;

/// What the checks are told beside the settings of every command.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// RabbitMQ, as `amqp://user:password@host:port/vhost`
    #[arg(long, env = "HOOKYARD_AMQP_URL", value_name = "URL", hide_env_values = true)]
    amqp_url: Option<SecretString>,

    /// First part of the names of queues and exchange
    #[arg(long, env = "HOOKYARD_QUEUE_PREFIX", value_name = "NAME", default_value = "hookyard")]
    queue_prefix: String,

    /// Days that events are kept, as the workers have it
    #[arg(
        long,
        env = "HOOKYARD_EVENT_DAYS",
        value_name = "DAYS",
        default_value_t = 90,
        value_parser = clap::value_parser!(i32).range(2..=3650)
    )]
    pub(crate) event_days: i32,
}

pub(crate) async fn run(args: &DoctorArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let (source_ring, vault_ring) = settings.rings()?;
    let examination = Examination {
        store: &settings.store_unchecked()?,
        broker: broker(args)?,
        source_ring: source_ring.as_ref(),
        vault_ring: vault_ring.as_ref(),
        retention_days: args.event_days,
        now: now(),
    };
    let diagnosis = doctor::examine(&examination).await;
    let answer = Answer::new(&diagnosis, text(&diagnosis))?;
    Ok(if diagnosis.level == Level::Fail { answer.failed() } else { answer })
}

/// How to reach the broker; none: it is not looked at.
pub(crate) fn broker(args: &DoctorArgs) -> anyhow::Result<Option<BrokerSettings>> {
    let Some(url) = args.amqp_url.clone() else { return Ok(None) };
    match BrokerSettings::new(url, &args.queue_prefix) {
        Ok(settings) => Ok(Some(settings)),
        Err(error) => {
            let variable = match &error {
                InvalidBrokerSetting::Url => "HOOKYARD_AMQP_URL",
                InvalidBrokerSetting::Prefix => "HOOKYARD_QUEUE_PREFIX",
            };
            Err(SettingError::new(variable, error).into())
        }
    }
}

/// A line for each check, and one below it for what to do.
fn text(diagnosis: &Diagnosis) -> String {
    let width = diagnosis.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for check in &diagnosis.checks {
        let (level, name) = (check.level.as_str(), check.name);
        writeln!(text, "{level:4}  {name:width$}  {}", check.found)
            .expect("a string takes every write");
        if let Some(advice) = &check.advice {
            writeln!(text, "{:4}  {:width$}  -> {advice}", "", "")
                .expect("a string takes every write");
        }
    }
    text
}
