//! The demo workspace: what a newcomer would make with `hookyard-admin`, made for them.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::layout::Layout;
use super::plan::{APP_ID, INSTALLATION_ID, Plan, REPOSITORY_ID};
use crate::admin::Admin;

/// The slug of the demo workspace.
pub(crate) const WORKSPACE: &str = "demo";
const MAPPINGS: [(&str, &str); 3] =
    [("skills/**", "skill"), ("agents/**", "agent"), ("commands/**", "command")];

/// Makes what is not there yet. Each id is kept at once, so that an interrupted start goes on where it was.
pub(super) async fn seed(layout: &Layout, plan: &mut Plan, admin: &Admin) -> Result<()> {
    if !plan.seeds.app_key {
        set_app_key(layout, admin).await?;
        plan.seeds.app_key = true;
        plan.save(layout)?;
    }
    if plan.seeds.workspace.is_none() {
        let args = ["workspace", "create", WORKSPACE, "--name", "Demo", "--plan", "professional"];
        plan.seeds.workspace = Some(admin.create(&args, None).await?);
        plan.save(layout)?;
    }
    if plan.seeds.github_source.is_none() {
        let secret = plan.github_secret.clone();
        plan.seeds.github_source = Some(source(admin, "github", &secret).await?);
        plan.save(layout)?;
    }
    if plan.seeds.linear_source.is_none() {
        let secret = plan.linear_secret.clone();
        plan.seeds.linear_source = Some(source(admin, "linear", &secret).await?);
        plan.save(layout)?;
    }
    own(layout, plan, admin).await?;
    connect(layout, plan, admin).await
}

/// An owner of the workspace, with a token for API and console.
async fn own(layout: &Layout, plan: &mut Plan, admin: &Admin) -> Result<()> {
    if plan.seeds.owner.is_none() {
        let args =
            ["member", "add", "--workspace", WORKSPACE, "--name", "Owner", "--role", "owner"];
        plan.seeds.owner = Some(admin.create(&args, None).await?);
        plan.save(layout)?;
    }
    let owner = plan.seeds.owner.clone().context("the owner was made")?;
    if plan.seeds.owner_token.is_none() {
        let made: Value =
            admin.json(&["token", "create", "--member", &owner, "--name", "stack"]).await?;
        let token = made.get("token").and_then(Value::as_str);
        plan.seeds.owner_token =
            Some(token.context("a token is shown when it is made")?.to_owned());
        plan.save(layout)?;
    }
    Ok(())
}

/// The deployment's own source, which the connector URL of `provider` serves.
async fn source(admin: &Admin, provider: &str, secret: &str) -> Result<String> {
    admin
        .create(
            &["source", "create", "--provider", provider, "--slug", provider, "--secret-stdin"],
            Some(secret),
        )
        .await
}

async fn connect(layout: &Layout, plan: &mut Plan, admin: &Admin) -> Result<()> {
    let installation = INSTALLATION_ID.to_string();
    if plan.seeds.account.is_none() {
        let args = ["connector", "account", "add", "--workspace", WORKSPACE];
        let args = [&args[..], &["--installation-id", &installation, "--login", "demo"]].concat();
        plan.seeds.account = Some(admin.create(&args, None).await?);
        plan.save(layout)?;
    }
    let account = plan.seeds.account.clone().context("the account was made")?;
    if plan.seeds.instance.is_none() {
        let args = ["connector", "instance", "add", "--account", &account, "--name", "Demo"];
        plan.seeds.instance = Some(admin.create(&args, None).await?);
        plan.save(layout)?;
    }
    let instance = plan.seeds.instance.clone().context("the instance was made")?;
    let repository = plan.repository.clone().context("the repository was made")?;
    if plan.seeds.target.is_none() {
        let id = REPOSITORY_ID.to_string();
        let args = [
            "connector",
            "target",
            "add",
            "--instance",
            &instance,
            "--repository",
            &repository.full_name,
        ];
        let args = [&args[..], &["--repository-id", &id, "--branch", &repository.branch]].concat();
        plan.seeds.target = Some(admin.create(&args, None).await?);
        plan.save(layout)?;
    }
    let target = plan.seeds.target.clone().context("the target was made")?;
    for (selector, object_type) in MAPPINGS {
        if plan.seeds.mappings.iter().any(|made| made == selector) {
            continue;
        }
        let args = ["connector", "mapping", "add", "--target", &target, "--selector", selector];
        admin.create(&[&args[..], &["--object-type", object_type]].concat(), None).await?;
        plan.seeds.mappings.push(selector.to_owned());
        plan.save(layout)?;
    }
    Ok(())
}

/// Tells Hookyard the key of the simulated App.
async fn set_app_key(layout: &Layout, admin: &Admin) -> Result<()> {
    let key = layout.app_key();
    let key = key.to_str().context("the stack's path is not UTF-8")?;
    admin
        .run(&["github", "app", "set", "--app-id", &APP_ID.to_string(), "--private-key-file", key])
        .await?;
    Ok(())
}
