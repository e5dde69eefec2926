use std::time::Duration;

use hookyard_github::{GitHubError, LimitKind};
use hookyard_testkit::gateway::{PATIENCE, until};
use hookyard_testkit::github_sim::{ChangeRateLimit, Fault, FaultKind, RouteKind};

use crate::support::World;

fn limit(error: &GitHubError) -> (LimitKind, Duration) {
    let GitHubError::RateLimited { kind, retry_after } = error else {
        panic!("no limit: {error:?}")
    };
    (*kind, *retry_after)
}

#[tokio::test]
async fn a_spent_primary_limit_costs_no_further_request_until_its_reset() {
    let world = World::small().await;
    let spent = ChangeRateLimit { limit: Some(5000), remaining: Some(1), reset_in_s: Some(4) };
    world.sim.change_rate_limit(spent);
    let session = world.session();
    session.repository(&world.name).await.unwrap();
    let requests = world.sim.requests_total();

    let error = session.repository(&world.name).await.unwrap_err();
    let (kind, wait) = limit(&error);
    assert_eq!(kind, LimitKind::Primary);
    assert!(wait <= Duration::from_secs(5), "{wait:?}");
    assert!(error.is_transient());
    assert_eq!(world.sim.requests_total(), requests);

    let is_over = async || session.repository(&world.name).await.is_ok();
    until("the limit is over", PATIENCE, is_over).await;
}

#[tokio::test]
async fn both_forms_of_the_primary_limit_are_understood() {
    for status in [403, 429] {
        let world = World::small().await;
        world.fail(Fault {
            status: Some(status),
            retry_after_s: Some(1800),
            ..Fault::new(RouteKind::Repo, FaultKind::RateLimitPrimary)
        });
        let (kind, wait) = limit(&world.session().repository(&world.name).await.unwrap_err());
        assert_eq!(kind, LimitKind::Primary);
        assert!((1795..=1801).contains(&wait.as_secs()), "{wait:?}");
    }
}

#[tokio::test]
async fn a_secondary_limit_waits_as_long_as_github_asks() {
    for (retry_after_s, expected_s) in [(Some(17), 17), (None, 60)] {
        let world = World::small().await;
        world.fail(Fault {
            retry_after_s,
            ..Fault::new(RouteKind::Repo, FaultKind::RateLimitSecondary)
        });
        let (kind, wait) = limit(&world.session().repository(&world.name).await.unwrap_err());
        assert_eq!((kind, wait.as_secs()), (LimitKind::Secondary, expected_s));
    }
}

#[tokio::test]
async fn one_installations_limit_does_not_hold_up_another() {
    let world = World::small().await;
    world.fail(Fault::new(RouteKind::Repo, FaultKind::RateLimitPrimary));
    limit(&world.session().repository(&world.name).await.unwrap_err());
    world.heal();
    let other = world.github.session(77);
    let error = other.repository(&world.name).await.unwrap_err();
    assert!(matches!(error, GitHubError::InstallationGone), "{error:?}");
}
