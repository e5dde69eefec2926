//! Calls of `hookyard-admin`, the operator's command line.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::member::without_settings;

/// The program and its settings.
#[derive(Debug, Clone)]
pub struct Admin {
    pub(super) program: PathBuf,
    pub(super) environment: Vec<(String, String)>,
}

impl Admin {
    /// The JSON that a command prints.
    ///
    /// # Panics
    /// When the command fails.
    pub async fn json(&self, args: &[&str]) -> Value {
        self.json_with_input(args, "").await
    }

    /// The same with `input` as its standard input.
    pub async fn json_with_input(&self, args: &[&str], input: &str) -> Value {
        let output = self.run(&[args, &["--json"]].concat(), input).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "hookyard-admin {args:?}: {}: {said}", output.status);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("hookyard-admin {args:?} printed no JSON: {error}"))
    }

    /// The `id` of what a command made.
    pub async fn create(&self, args: &[&str]) -> String {
        self.create_with_input(args, "").await
    }

    /// The same with `input` as its standard input.
    pub async fn create_with_input(&self, args: &[&str], input: &str) -> String {
        let made = self.json_with_input(args, input).await;
        let id = made["id"].as_str();
        id.unwrap_or_else(|| panic!("hookyard-admin {args:?} printed no id: {made}")).to_owned()
    }

    /// Runs a command, whatever comes of it.
    pub async fn run(&self, args: &[&str], input: &str) -> Output {
        self.try_run(args, input)
            .await
            .unwrap_or_else(|error| panic!("hookyard-admin {args:?} does not run: {error:#}"))
    }

    async fn try_run(&self, args: &[&str], input: &str) -> Result<Output> {
        let mut command = Command::from(without_settings(&self.program));
        let mut child = command
            .args(args)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| self.program.display().to_string())?;
        let mut stdin = child.stdin.take().context("standard input was asked for")?;
        // A command that takes no input may have ended already.
        if stdin.write_all(input.as_bytes()).await.is_err() {
            tracing::debug!("hookyard-admin {args:?} did not read its input");
        }
        drop(stdin);
        Ok(child.wait_with_output().await?)
    }
}
