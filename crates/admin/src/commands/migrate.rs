//! `migrate`.

use clap::Args;
use hookyard_admin::operations::migrate;
use secrecy::SecretString;

use crate::output::{Answer, Fields};
use crate::settings::Settings;

/// Needs the database's owner. The processes' roles are made without passwords; those given here are set.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Password of the role `hookyard_ingress`
    #[arg(
        long = "ingress-db-password",
        env = "HOOKYARD_INGRESS_DB_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    ingress: Option<SecretString>,

    /// Password of the role `hookyard_worker`
    #[arg(
        long = "worker-db-password",
        env = "HOOKYARD_WORKER_DB_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    worker: Option<SecretString>,

    /// Password of the role `hookyard_admin`
    #[arg(
        long = "admin-db-password",
        env = "HOOKYARD_ADMIN_DB_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    admin: Option<SecretString>,
}

pub(crate) async fn run(args: MigrateArgs, settings: &Settings) -> anyhow::Result<Answer> {
    let passwords: Vec<_> = [
        ("hookyard_ingress", args.ingress),
        ("hookyard_worker", args.worker),
        ("hookyard_admin", args.admin),
    ]
    .into_iter()
    .filter_map(|(role, password)| Some((role, password?)))
    .collect();
    let migrated = migrate::migrate(&settings.store_unchecked()?, &passwords).await?;
    let applied = if migrated.applied.is_empty() {
        "nothing: up to date".to_owned()
    } else {
        migrated.applied.join(", ")
    };
    let text = Fields::default()
        .field("applied", applied)
        .field("schema version", migrated.schema_version)
        .field("partitions", format!("{} days ahead", migrated.partition_days_ahead))
        .maybe(
            "passwords set",
            Some(migrated.passwords_set.join(", ")).filter(|names| !names.is_empty()),
        )
        .render();
    Answer::new(&migrated, text)
}
