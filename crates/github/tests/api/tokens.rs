use futures_util::future::join_all;
use hookyard_github::{AppKey, Clock, GitHub, GitHubError, SetupError, Transient};
use hookyard_testkit::github_sim::{ChangeInstallation, ChangeTokens, Fault, FaultKind, RouteKind};
use jiff::SignedDuration;

use crate::support::{INSTALLATION, World, client, key, now, settings};

#[tokio::test]
async fn concurrent_sessions_share_one_token() {
    let world = World::small().await;
    let sessions: Vec<_> = (0..32).map(|_| world.session()).collect();
    let answers = join_all(sessions.iter().map(|session| session.repository(&world.name))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.sim.requests()[&RouteKind::Token], 1);
    let counted: u32 = sessions.iter().map(hookyard_github::Session::requests).sum();
    assert_eq!(u64::from(counted), world.sim.requests_total());
}

#[tokio::test]
async fn those_who_wait_for_a_token_share_its_failure() {
    let world = World::small().await;
    let mut patience = settings(&world.sim);
    patience.retries_max = 0;
    let github = client(&world.sim, &patience);
    world.fail(Fault { latency_ms: 300, ..Fault::new(RouteKind::Token, FaultKind::Status) });
    let sessions: Vec<_> = (0..16).map(|_| github.session(INSTALLATION)).collect();
    let answers = join_all(sessions.iter().map(|session| session.repository(&world.name))).await;
    for answer in answers {
        assert!(
            matches!(answer, Err(GitHubError::Transient(Transient::Status(500)))),
            "{answer:?}"
        );
    }
    assert_eq!(world.sim.requests()[&RouteKind::Token], 1);
}

#[tokio::test]
async fn a_token_is_not_used_in_its_last_minutes() {
    let world = World::small().await;
    world.sim.change_tokens(ChangeTokens { lifetime_s: Some(299), ..ChangeTokens::default() });
    let session = world.session();
    session.repository(&world.name).await.unwrap();
    session.repository(&world.name).await.unwrap();
    assert_eq!(world.sim.requests()[&RouteKind::Token], 2);
}

#[tokio::test]
async fn a_token_that_has_not_spread_yet_is_tried_again() {
    let world = World::small().await;
    world.sim.change_tokens(ChangeTokens { lag_ms: Some(500), ..ChangeTokens::default() });
    world.session().repository(&world.name).await.unwrap();
    assert_eq!(world.sim.requests()[&RouteKind::Token], 1);
}

#[tokio::test]
async fn a_refused_token_is_forgotten() {
    let world = World::small().await;
    let session = world.session();
    session.repository(&world.name).await.unwrap();
    world.sim.change_tokens(ChangeTokens { revoke: true, ..ChangeTokens::default() });
    let error = session.repository(&world.name).await.unwrap_err();
    assert!(matches!(error, GitHubError::Transient(Transient::TokenRefused)), "{error:?}");
    session.repository(&world.name).await.unwrap();
    assert_eq!(world.sim.requests()[&RouteKind::Token], 2);
}

#[tokio::test]
async fn a_suspended_installation_says_so_with_and_without_a_token() {
    let world = World::small().await;
    world.session().repository(&world.name).await.unwrap();
    world.sim.change_installation(ChangeInstallation { suspended: Some(true), deleted: None });
    let with_token = world.session().repository(&world.name).await.unwrap_err();
    assert!(matches!(with_token, GitHubError::Suspended), "{with_token:?}");
    let fresh = client(&world.sim, &settings(&world.sim));
    let without = fresh.session(INSTALLATION).repository(&world.name).await.unwrap_err();
    assert!(matches!(without, GitHubError::Suspended), "{without:?}");
    let installation = fresh.installation(INSTALLATION).await.unwrap();
    assert!(installation.suspended_at.is_some());
}

#[tokio::test]
async fn an_installation_that_is_gone_says_so() {
    let world = World::small().await;
    assert_eq!(world.github.installation(INSTALLATION).await.unwrap().account_login, "octo-org");
    world.sim.change_installation(ChangeInstallation { suspended: None, deleted: Some(true) });
    let error = world.session().repository(&world.name).await.unwrap_err();
    assert!(matches!(error, GitHubError::InstallationGone), "{error:?}");
    let error = world.github.installation(INSTALLATION).await.unwrap_err();
    assert!(matches!(error, GitHubError::InstallationGone), "{error:?}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn another_apps_key_is_not_permitted() {
    let (world, other) = (World::small().await, World::small().await);
    let github = GitHub::new(&settings(&world.sim), &key(&other.sim), Clock::new(now)).unwrap();
    let error = github.app().await.unwrap_err();
    assert!(matches!(error, GitHubError::NotPermitted { status: 401, .. }), "{error:?}");
    assert_eq!(world.github.app().await.unwrap().id.to_string(), world.sim.app_id());
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_is_corrected_by_githubs() {
    let world = World::small().await;
    for off in [SignedDuration::from_hours(1), SignedDuration::from_hours(-1)] {
        let github =
            GitHub::new(&settings(&world.sim), &key(&world.sim), Clock::new(move || now() + off));
        github.unwrap().session(INSTALLATION).repository(&world.name).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_with_literal_line_ends_is_read() {
    let world = World::small().await;
    let one_line = world.sim.app_key_pem().replace('\n', "\\n");
    let key = AppKey { app_id: world.sim.app_id(), private_key: one_line.into() };
    GitHub::new(&settings(&world.sim), &key, Clock::new(now)).unwrap().app().await.unwrap();
}

#[tokio::test]
async fn what_is_no_key_is_refused_at_once_and_not_repeated() {
    let world = World::small().await;
    let planted =
        "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0LXNlY3JldA==\n-----END RSA PRIVATE KEY-----";
    let key = AppKey { app_id: "1".to_owned(), private_key: planted.into() };
    let error = GitHub::new(&settings(&world.sim), &key, Clock::new(now)).unwrap_err();
    assert!(matches!(error, SetupError::PrivateKey(_)));
    assert!(!format!("{error:?} {key:?}").contains("c2VjcmV0"));
}
