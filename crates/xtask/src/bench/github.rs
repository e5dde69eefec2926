//! The simulated GitHub of a benchmark, with the App's key given to Hookyard.

use std::path::Path;

use anyhow::{Context as _, Result};
use hookyard_testkit::git::GitRepo;
use hookyard_testkit::github_sim::{ChangeWebhook, GithubSim, GithubSimConfig, SimRepository};
use hookyard_testkit::servers::{place, secrets};

use super::house::{GITHUB_PATH, House, INSTALLATION_ID};
use super::member::Member;

/// No benchmark shall meet GitHub's limit.
const REQUESTS_AN_HOUR: u64 = 1_000_000_000;

/// Serves these repositories.
pub(super) async fn simulate(house: &House, repositories: Vec<SimRepository>) -> Result<GithubSim> {
    let config = GithubSimConfig {
        repositories,
        installation_id: INSTALLATION_ID,
        rate_limit: REQUESTS_AN_HOUR,
        webhook_secret: house.github_secret.clone(),
        ..GithubSimConfig::default()
    };
    let simulator = GithubSim::start(config).await?;
    let key = house.work().join("github-app.pem");
    secrets::write(&key, simulator.app_key_pem().as_bytes())?;
    let key = key.to_str().context("the bench's path is not UTF-8")?;
    let app = simulator.app_id();
    house.admin.run(&["github", "app", "set", "--app-id", &app, "--private-key-file", key]).await?;
    Ok(simulator)
}

/// Lets the simulator deliver to an ingress.
pub(super) fn deliver_to(simulator: &GithubSim, ingress: &Member) -> Result<()> {
    let url = format!("http://{}{GITHUB_PATH}", ingress.address).parse()?;
    simulator.change_webhook(ChangeWebhook { url: Some(url), ..ChangeWebhook::default() });
    Ok(())
}

/// A fresh repository at `dir` with `files` skills in one commit.
pub(super) fn repository_of(dir: &Path, files: usize) -> Result<GitRepo> {
    place::remove_dir(dir)?;
    let mut repository = GitRepo::init(dir)?;
    for number in 0..files {
        repository.write(path(number), skill(number, 1));
    }
    repository.commit("Add skills")?;
    Ok(repository)
}

pub(super) fn path(number: usize) -> String {
    format!("skills/team-{}/skill-{number}/SKILL.md", number % 40)
}

/// A small skill whose text no other has.
pub(super) fn skill(number: usize, version: usize) -> String {
    format!(
        "---\nname: skill-{number}\ndescription: Does the {number}th thing well\n---\n\n# Skill {number}\n\n\
         Version {version}. {}\n",
        "Read the change, then say what is wrong with it and why. ".repeat(20)
    )
}
