//! How a process begins and ends: its settings parsed or refused, its failure told.

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{Command, Parser};

/// The process was started with wrong settings (`EX_USAGE` of sysexits.h).
pub const EXIT_USAGE: u8 = 64;

/// A setting whose value is wrong although clap could read it; ends the process with [`EXIT_USAGE`].
///
/// The source must not quote a secret.
#[derive(Debug, thiserror::Error)]
#[error("the setting {variable} is wrong")]
pub struct SettingError {
    variable: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl SettingError {
    /// `variable` is the environment variable's name, such as `HOOKYARD_VAULT_KEYS`.
    pub fn new(variable: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { variable, source: source.into() }
    }
}

/// The process' settings from the command line and the environment.
///
/// Does not return when there is nothing to run: `--help` and `--version` exit 0, a wrong setting is named on
/// standard error, with its environment variable, and exits [`EXIT_USAGE`].
#[expect(clippy::exit, reason = "the process has not begun: there is nothing to unwind")]
pub fn parse<T: Parser>() -> T {
    T::try_parse().unwrap_or_else(|error| {
        drop(error.print()); // Without a terminal the exit code still tells.
        if !error.use_stderr() {
            std::process::exit(0);
        }
        tell(&variables_hint(&mut T::command(), &error));
        std::process::exit(EXIT_USAGE.into());
    })
}

/// Tells on standard error why the process ends, one line for each cause, and gives its exit code.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    tell(&causes(error));
    if error.chain().any(<dyn Error>::is::<SettingError>) {
        ExitCode::from(EXIT_USAGE)
    } else {
        ExitCode::FAILURE
    }
}

fn causes(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        writeln!(text, "  because: {cause}").expect("a string takes every write");
    }
    text
}

/// Names the environment variables of the settings that clap's message calls by their flags.
fn variables_hint(command: &mut Command, error: &clap::Error) -> String {
    command.build();
    let flags = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => std::slice::from_ref(flag),
        Some(ContextValue::Strings(flags)) => flags.as_slice(),
        _ => &[],
    };
    let mut text = String::new();
    for flag in flags {
        if let Some(variable) = variable_of(command, flag) {
            writeln!(text, "note: {flag} is also the environment variable {variable}")
                .expect("a string takes every write");
        }
    }
    text
}

fn variable_of(command: &Command, flag: &str) -> Option<String> {
    command
        .get_arguments()
        .find(|argument| argument.to_string() == flag)
        .and_then(|argument| argument.get_env())
        .map(|variable| variable.to_string_lossy().into_owned())
        .or_else(|| command.get_subcommands().find_map(|inner| variable_of(inner, flag)))
}

#[expect(clippy::print_stderr, reason = "the process' last words, before or without telemetry")]
fn tell(text: &str) {
    eprint!("{text}");
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use clap::CommandFactory as _;
    use secrecy::SecretString;

    use super::*;
    use crate::{DatabaseArgs, DrainArgs, HealthArgs, LogArgs};

    /// What the process is for.
    #[derive(Debug, Parser)]
    struct Settings {
        #[command(flatten)]
        log: LogArgs,
        #[command(flatten)]
        drain: DrainArgs,
        #[command(flatten)]
        health: HealthArgs<9100>,
        #[command(flatten)]
        database: DatabaseArgs,
        #[arg(long, env = "HOOKYARD_TEST_KEYS", hide_env_values = true)]
        keys: Option<SecretString>,
    }

    fn refusal(arguments: &[&str]) -> String {
        let arguments = [&["process"], arguments].concat();
        let error = Settings::try_parse_from(arguments).expect_err("these settings are wrong");
        let hint = variables_hint(&mut Settings::command(), &error);
        format!("{error}{hint}")
    }

    #[test]
    fn a_missing_setting_is_named_by_flag_and_variable() {
        let text = refusal(&[]);
        assert!(text.contains("--database-url <URL>"), "{text}");
        assert!(text.contains("HOOKYARD_DATABASE_URL"), "{text}");
    }

    #[test]
    fn a_wrong_setting_is_named_by_flag_and_variable() {
        for (flag, value, variable) in [
            ("--drain-ms", "soon", "HOOKYARD_DRAIN_MS"),
            ("--drain-ms", "3600001", "HOOKYARD_DRAIN_MS"),
            ("--health-listen", "localhost", "HOOKYARD_HEALTH_LISTEN"),
            ("--log", "info=loud", "HOOKYARD_LOG"),
            ("--log-format", "xml", "HOOKYARD_LOG_FORMAT"),
        ] {
            let text = refusal(&["--database-url", "postgres://", flag, value]);
            assert!(text.contains(flag) && text.contains(variable), "{text}");
        }
    }

    #[test]
    fn a_secret_setting_is_shown_by_neither_debug_nor_an_error() {
        let secret = "hunter2hunter2";
        let arguments = ["process", "--database-url", secret, "--keys", secret];
        let settings = Settings::try_parse_from(arguments).unwrap();
        assert!(!format!("{settings:?}").contains(secret));
        let twice = ["--database-url", secret, "--database-url", secret];
        assert!(!refusal(&twice).contains(secret));
    }

    #[test]
    fn defaults_need_no_setting() {
        let settings = Settings::try_parse_from(["process", "--database-url", "x"]).unwrap();
        assert_eq!(settings.drain.deadline().as_secs(), 20);
        assert_eq!(settings.health.health_listen.to_string(), "127.0.0.1:9100");
        assert_eq!(settings.log.log_format, crate::LogFormat::Text);
    }

    #[test]
    fn the_help_is_about_the_process_and_not_about_a_group_of_settings() {
        let command = Settings::command();
        assert_eq!(command.get_about().unwrap().to_string(), "What the process is for");
        assert!(command.get_long_about().is_none());
    }

    #[test]
    fn a_failure_tells_every_cause_on_its_own_line() {
        let error = Err::<(), _>(std::io::Error::other("no route"))
            .context("could not connect")
            .context("could not start")
            .unwrap_err();
        assert_eq!(
            causes(&error),
            "error: could not start\n  because: could not connect\n  because: no route\n"
        );
    }

    #[test]
    fn a_wrong_setting_anywhere_among_the_causes_is_a_usage_error() {
        let usage = format!("{:?}", ExitCode::from(EXIT_USAGE));
        let error = anyhow::Error::new(SettingError::new("HOOKYARD_TEST_KEYS", "no `:`"));
        assert_eq!(format!("{:?}", fail(&error.context("could not start"))), usage);
        assert_ne!(format!("{:?}", fail(&anyhow::anyhow!("no disk"))), usage);
    }
}
