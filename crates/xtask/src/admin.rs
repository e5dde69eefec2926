//! Calls of `hookyard-admin`, the operator's command line.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The program and the settings that it reads from its environment.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) program: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
}

impl Admin {
    /// Runs a command that prints for people; what it printed.
    pub(crate) async fn run(&self, args: &[&str]) -> Result<String> {
        self.call(args, None).await
    }

    /// Runs a command with `--json` and reads its answer.
    pub(crate) async fn json<T: DeserializeOwned>(&self, args: &[&str]) -> Result<T> {
        self.json_with_input(args, None).await
    }

    /// The `id` of what the command made; `input` is its standard input.
    pub(crate) async fn create(&self, args: &[&str], input: Option<&str>) -> Result<String> {
        let made: Value = self.json_with_input(args, input).await?;
        let id = made.get("id").and_then(Value::as_str);
        id.map(str::to_owned)
            .with_context(|| format!("hookyard-admin {} printed no id: {made}", args.join(" ")))
    }

    async fn json_with_input<T: DeserializeOwned>(
        &self,
        args: &[&str],
        input: Option<&str>,
    ) -> Result<T> {
        let text = self.call(&[args, &["--json"]].concat(), input).await?;
        serde_json::from_str(&text)
            .with_context(|| format!("hookyard-admin {} printed: {text}", args.join(" ")))
    }

    async fn call(&self, args: &[&str], input: Option<&str>) -> Result<String> {
        let mut child = Command::new(&self.program)
            .args(args)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| self.program.display().to_string())?;
        let mut stdin = child.stdin.take().context("standard input was asked for")?;
        if let Some(input) = input {
            stdin.write_all(input.as_bytes()).await?;
        }
        drop(stdin);
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            bail!(
                "hookyard-admin {} ended with {}:\n{}",
                args.join(" "),
                output.status,
                message.trim_end()
            );
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}
