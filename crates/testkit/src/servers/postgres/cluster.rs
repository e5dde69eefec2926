//! A fresh data folder and its settings.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{Durability, OWNER, PostgresConfig, Saved};
use crate::servers::place::StepDown;
use crate::servers::secrets;

const CONNECTIONS_MAX: u32 = 300;
/// From here on `PostgreSQL` can compress its log with lz4.
const LZ4_MAJOR: u32 = 15;

/// No setting of the caller's environment reaches the server.
pub(super) fn neutral(command: &mut Command) {
    for name in ["PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGOPTIONS"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C");
}

/// Makes the data folder next to its final place and renames it, so that a killed start leaves nothing half made.
pub(super) async fn initdb(
    config: &PostgresConfig,
    user: Option<StepDown>,
    home: &Path,
    saved: &Saved,
) -> Result<()> {
    let fresh = home.join("data.new");
    for leftover in [&fresh, &home.join("data")] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    let password_file = home.join("password");
    secrets::write(&password_file, saved.password.as_bytes())?;
    let mut command = Command::new(config.tools.bin.join("initdb"));
    command
        .args([
            "--username",
            OWNER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--no-locale",
            "--pwfile",
        ])
        .arg(&password_file)
        .arg("--pgdata")
        .arg(&fresh)
        .current_dir(home)
        .stdin(Stdio::null());
    if config.durability == Durability::Off {
        command.arg("--no-sync");
    }
    neutral(&mut command);
    if let Some(user) = user {
        user.give(&password_file)?;
        user.apply(&mut command);
    }
    let output = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .output()
        .await
        .context("initdb")?;
    fs::remove_file(&password_file)?;
    if !output.status.success() {
        bail!("initdb failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let file = fresh.join("postgresql.conf");
    let text = fs::read_to_string(&file)? + &settings(config)?;
    fs::write(&file, text)?;
    fs::rename(&fresh, home.join("data"))?;
    Ok(())
}

fn settings(config: &PostgresConfig) -> Result<String> {
    let wal_compression = if config.tools.major >= LZ4_MAJOR { "lz4" } else { "on" };
    let mut text = format!(
        "\n\
         listen_addresses = '127.0.0.1'\n\
         unix_socket_directories = ''\n\
         max_connections = {CONNECTIONS_MAX}\n\
         shared_buffers = {}MB\n\
         max_wal_size = 4GB\n\
         wal_compression = {wal_compression}\n\
         autovacuum = on\n\
         track_io_timing = on\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n",
        config.shared_buffers_mb
    );
    if has_statement_statistics(&config.tools.bin) {
        text.push_str("shared_preload_libraries = 'pg_stat_statements'\n");
        text.push_str("pg_stat_statements.track_planning = on\n");
    }
    if config.durability == Durability::Off {
        writeln!(text, "fsync = off\nsynchronous_commit = off\nfull_page_writes = off")?;
    }
    Ok(text)
}

fn has_statement_statistics(bin: &Path) -> bool {
    ["../lib/pg_stat_statements.so", "../lib/postgresql/pg_stat_statements.so"]
        .iter()
        .any(|library| bin.join(library).is_file())
}
