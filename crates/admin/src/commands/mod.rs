//! What a person types, one file a noun: parse, call the operation, show its result.

mod api;
mod audit;
pub(crate) mod clock;
mod completions;
mod config_objects;
mod connection;
mod connector;
mod dead_letters;
mod deliveries;
pub(crate) mod doctor;
mod events;
mod github;
mod grant;
mod jobs;
mod member;
mod migrate;
mod oauth_client;
mod paging;
mod rejected_messages;
mod secret;
mod sign_in_link;
mod source;
mod subscription;
mod sync_events;
mod team;
mod token;
mod vault;
mod workspace;

use clap::Subcommand;

pub(crate) use self::clock::now;
pub(crate) use self::paging::is_watched;

use crate::output::Answer;
use crate::serve::{self, ServeArgs};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring the database up to date: schema, partitions, roles
    Migrate(migrate::MigrateArgs),
    /// Run the admin process
    Serve(ServeArgs),
    /// Tenants
    #[command(subcommand)]
    Workspace(workspace::WorkspaceCommand),
    /// Inbound URLs and their secrets
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// The deployment's GitHub App
    #[command(subcommand)]
    Github(github::GithubCommand),
    /// What is tracked: accounts, instances, targets, mappings
    #[command(subcommand)]
    Connector(connector::ConnectorCommand),
    /// The records of reconciliations
    #[command(subcommand)]
    SyncEvents(sync_events::SyncEventsCommand),
    /// What happened
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// Who works in a workspace, and as what
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Members that are granted access together
    #[command(subcommand)]
    Team(team::TeamCommand),
    /// Who may do what with a connector instance
    #[command(subcommand)]
    Grant(grant::GrantCommand),
    SignInLink(sign_in_link::SignInLinkArgs),
    /// What applications, members and operators show to prove who they are
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Other systems that are told of events
    #[command(subcommand)]
    Connection(connection::ConnectionCommand),
    /// Which events go to which connection
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// Applications that are told when their users connect an integration
    #[command(subcommand)]
    OauthClient(oauth_client::OauthClientCommand),
    /// What is owed to whom, and every try
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
    /// Files brought in by syncs
    #[command(subcommand)]
    ConfigObjects(config_objects::ConfigObjectsCommand),
    /// Unfinished work: counts, or a list
    Jobs(jobs::JobsArgs),
    /// Work that ended for good without success
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLettersCommand),
    /// Queue messages that named no known work
    #[command(subcommand)]
    RejectedMessages(rejected_messages::RejectedMessagesCommand),
    /// Who changed what, when and why
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// The sealed secrets
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// The HTTP API: its document, its routes
    #[command(subcommand)]
    Api(api::ApiCommand),
    /// Check everything: what is wrong and what to do
    Doctor(doctor::DoctorArgs),
    /// Print what makes a shell complete these commands
    Completions(completions::CompletionsArgs),
}

/// Does what was typed.
pub(crate) async fn run(command: Command, settings: Settings) -> anyhow::Result<Answer> {
    let settings = &settings;
    match command {
        Command::Migrate(args) => migrate::run(args, settings).await,
        Command::Serve(args) => serve::run(args, settings).await,
        Command::Workspace(command) => workspace::run(command, settings).await,
        Command::Source(command) => source::run(command, settings).await,
        Command::Github(command) => github::run(command, settings).await,
        Command::Connector(command) => connector::run(command, settings).await,
        Command::SyncEvents(command) => sync_events::run(command, settings).await,
        Command::Events(command) => events::run(command, settings).await,
        Command::Member(command) => member::run(command, settings).await,
        Command::Team(command) => team::run(command, settings).await,
        Command::Grant(command) => grant::run(command, settings).await,
        Command::SignInLink(args) => sign_in_link::run(args, settings).await,
        Command::Token(command) => token::run(command, settings).await,
        Command::Connection(command) => connection::run(command, settings).await,
        Command::Subscription(command) => subscription::run(command, settings).await,
        Command::OauthClient(command) => oauth_client::run(command, settings).await,
        Command::Deliveries(command) => deliveries::run(command, settings).await,
        Command::ConfigObjects(command) => config_objects::run(command, settings).await,
        Command::Jobs(args) => jobs::run(args, settings).await,
        Command::DeadLetters(command) => dead_letters::run(command, settings).await,
        Command::RejectedMessages(command) => rejected_messages::run(command, settings).await,
        Command::Audit(command) => audit::run(command, settings).await,
        Command::Vault(command) => vault::run(command, settings).await,
        Command::Api(command) => api::run(&command),
        Command::Doctor(args) => doctor::run(&args, settings).await,
        Command::Completions(args) => completions::run(args),
    }
}
