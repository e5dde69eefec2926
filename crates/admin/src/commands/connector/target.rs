//! `connector target ...`.

use clap::Subcommand;
use hookyard_admin::operations::targets::{self as operation, AddTarget, QueuedSync, UpdateTarget};
use hookyard_admin::operations::{accounts, workspaces};
use hookyard_domain::ids::{AccountId, InstanceId, TargetId};
use hookyard_domain::target::RepositoryFullName;
use hookyard_domain::workspace::Slug;
use hookyard_store::targets::{self, Target};

use super::discovery;
use super::instance::Switch;
use crate::commands::paging::PageArgs;
use crate::output::{Answer, Fields, Table, next_page, since, time};
use crate::settings::{Because, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum TargetCommand {
    /// Track a branch of a repository
    Add {
        #[arg(long, value_name = "ID")]
        instance: InstanceId,
        /// owner/name
        #[arg(long)]
        repository: RepositoryFullName,
        /// GitHub's number of the repository, which stays when it is renamed
        #[arg(long, value_name = "N")]
        repository_id: i64,
        /// The branch, without refs/heads/
        #[arg(long)]
        branch: String,
        #[command(flatten)]
        because: Because,
    },
    /// List targets
    List {
        /// Only this workspace's
        #[arg(long, value_name = "SLUG")]
        workspace: Option<Slug>,
        /// Only this instance's
        #[arg(long, value_name = "ID", conflicts_with = "workspace")]
        instance: Option<InstanceId>,
        #[command(flatten)]
        page: PageArgs<TargetId>,
    },
    /// Show a target
    Show { id: TargetId },
    /// Ask GitHub whether a repository can be read and has the branch; changes nothing
    Validate {
        #[arg(long, value_name = "ID")]
        account: AccountId,
        /// owner/name
        #[arg(long)]
        repository: RepositoryFullName,
        /// The branch, without refs/heads/; else the default branch
        #[arg(long)]
        branch: Option<String>,
    },
    /// Show the plugins that the repository offers, and bring chosen ones in
    Discover {
        id: TargetId,
        /// Make the mappings of these plugins, and queue a sync
        #[arg(long, value_name = "KEY", num_args = 1..)]
        apply: Vec<String>,
        /// Whether plugins that are new in the repository come by themselves from now on
        #[arg(long, requires = "apply")]
        auto_import: Option<Switch>,
        #[command(flatten)]
        because: Because,
    },
    /// Follow another branch of the repository, and synchronise it
    SetBranch {
        id: TargetId,
        /// The branch, without refs/heads/
        #[arg(long)]
        branch: String,
        #[command(flatten)]
        because: Because,
    },
    /// Queue a sync, whether anything changed or not
    Resync {
        id: TargetId,
        /// Let it delete as much as it finds gone
        #[arg(long)]
        allow_deletions: bool,
        #[command(flatten)]
        because: Because,
    },
    /// Stop following the branch; its config objects stay
    Disable {
        id: TargetId,
        #[command(flatten)]
        because: Because,
    },
    /// Follow the branch again
    Enable {
        id: TargetId,
        #[command(flatten)]
        because: Because,
    },
}

pub(crate) async fn run(command: TargetCommand, settings: &Settings) -> anyhow::Result<Answer> {
    let store = settings.store().await?;
    match command {
        TargetCommand::Add { instance, repository, repository_id, branch, because } => {
            let new = AddTarget { instance, repository, repository_id, branch };
            shown(&operation::add(&store, &because.actor()?, new).await?)
        }
        TargetCommand::List { workspace, instance, page } => {
            let conn = store.conn().await?;
            let page = if let Some(instance) = instance {
                targets::list_of_instance(&conn, instance, page.request()?).await?
            } else {
                let workspace = workspaces::filter(&conn, workspace.as_ref()).await?;
                targets::list(&conn, workspace, page.request()?).await?
            };
            let mut text = table(&page.items);
            next_page(&mut text, page.next_cursor);
            Answer::new(&page, text)
        }
        TargetCommand::Show { id } => shown(&operation::require(&store.conn().await?, id).await?),
        TargetCommand::Validate { account, repository, branch } => {
            let github = settings.github(&store)?;
            let branch = branch.as_deref();
            let valid = accounts::validate_target(&github, account, &repository, branch).await?;
            let text = Fields::default()
                .field("repository", &valid.repository.full_name)
                .field("repository id", valid.repository.repository_id)
                .field("branch", &valid.branch)
                .field("head", &valid.head_sha)
                .render();
            Answer::new(&valid, text)
        }
        TargetCommand::Discover { id, apply, auto_import, because } => {
            let on = auto_import.map(Switch::is_on);
            discovery::run(&settings.github(&store)?, id, apply, on, because).await
        }
        TargetCommand::SetBranch { id, branch, because } => {
            let to = UpdateTarget { branch: Some(branch), ..UpdateTarget::default() };
            let changed = operation::update(&store, &because.actor()?, id, to, None).await?;
            let sync = changed.sync.as_ref().map(|it| it.id);
            Answer::new(&changed, fields(&changed.target).maybe("sync queued", sync).render())
        }
        TargetCommand::Resync { id, allow_deletions, because } => {
            let queued = operation::resync(&store, &because.actor()?, id, allow_deletions).await?;
            Answer::new(&queued, queued_text(&queued))
        }
        TargetCommand::Disable { id, because } => {
            shown(&operation::set_disabled(&store, &because.actor()?, id, true).await?)
        }
        TargetCommand::Enable { id, because } => {
            shown(&operation::set_disabled(&store, &because.actor()?, id, false).await?)
        }
    }
}

fn table(items: &[Target]) -> String {
    let mut table =
        Table::new(&["ID", "WORKSPACE", "REPOSITORY", "BRANCH", "STATUS", "APPLIED", "AT"]);
    for it in items {
        table.row([
            it.id.to_string(),
            it.workspace.clone(),
            it.repository.clone(),
            branch(&it.git_ref).to_owned(),
            it.status.to_string(),
            short_sha(it.applied_sha.as_deref()),
            since(it.applied_at),
        ]);
    }
    table.render("no targets; add one with `hookyard-admin connector target add`")
}

/// What a person reads when a sync was queued.
pub(crate) fn queued_text(queued: &QueuedSync) -> String {
    Fields::default()
        .field("queued", queued.id)
        .field("job", queued.job.id)
        .maybe("note", queued.note.as_ref())
        .field("next", format!("hookyard-admin sync-events show {}", queued.id))
        .render()
}

/// A ref as people call it.
pub(crate) fn branch(git_ref: &str) -> &str {
    git_ref.strip_prefix("refs/heads/").unwrap_or(git_ref)
}

/// A commit as people call it, in as many characters as Git shows.
pub(crate) fn short_sha(sha: Option<&str>) -> String {
    sha.map(|sha| sha.chars().take(10).collect()).unwrap_or_default()
}

fn shown(target: &Target) -> anyhow::Result<Answer> {
    Answer::new(target, fields(target).render())
}

fn fields(target: &Target) -> Fields {
    let status = if target.archived {
        format!("{} (archived on GitHub)", target.status)
    } else {
        target.status.to_string()
    };
    Fields::default()
        .field("target", target.id)
        .field("workspace", &target.workspace)
        .field("instance", target.instance_id)
        .field("repository", format!("{} ({})", target.repository, target.repository_id))
        .field("branch", branch(&target.git_ref))
        .field("status", status)
        .field("mapping revision", target.mapping_revision)
        .maybe("applied commit", target.applied_sha.as_ref())
        .maybe("applied mapping revision", target.applied_mapping_revision)
        .maybe("applied", target.applied_at.map(time))
        .field("created", time(target.created_at))
        .field("updated", time(target.updated_at))
}
