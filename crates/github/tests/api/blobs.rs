use hookyard_github::{GitHubError, ObjectId, Transient};
use hookyard_testkit::github_sim::{ChangeRepository, Fault, FaultKind, RouteKind};

use crate::support::{INSTALLATION, World, client, settings};

const CONTENT: &[u8] = b"a\0b\xff\r\n";

async fn world() -> (World, ObjectId) {
    let world = World::with(|repo| {
        repo.write("file", CONTENT).commit("first").unwrap();
    })
    .await;
    let sha = world.repo.ls_tree("main").unwrap()[0].sha.parse().unwrap();
    (world, sha)
}

#[tokio::test]
async fn a_blob_arrives_byte_by_byte_and_costs_one_request() {
    let (world, sha) = world().await;
    let session = world.session();
    assert_eq!(session.blob(&world.name, &sha, CONTENT.len()).await.unwrap(), CONTENT);
    assert_eq!((session.requests(), world.sim.requests()[&RouteKind::Blob]), (2, 1));
}

#[tokio::test]
async fn a_blob_above_its_limit_is_not_read() {
    let (world, sha) = world().await;
    let error = world.session().blob(&world.name, &sha, CONTENT.len() - 1).await.unwrap_err();
    assert!(
        matches!(error, GitHubError::TooLarge { max, .. } if max == CONTENT.len() as u64 - 1),
        "{error:?}"
    );
}

#[tokio::test]
async fn damaged_content_is_not_taken_for_the_blob() {
    let (world, sha) = world().await;
    world.fail(Fault::new(RouteKind::Blob, FaultKind::Corrupt));
    let error = world.session().blob(&world.name, &sha, 1024).await.unwrap_err();
    assert!(
        matches!(error, GitHubError::Transient(Transient::Corrupt(of)) if of == sha),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_missing_blob_is_told_from_a_repository_that_is_gone() {
    let (world, sha) = world().await;
    world.fail(Fault::new(RouteKind::Blob, FaultKind::Missing));
    let error = world.session().blob(&world.name, &sha, 1024).await.unwrap_err();
    assert!(matches!(error, GitHubError::BlobGone(gone) if gone == sha), "{error:?}");
    world
        .sim
        .change_repository(ChangeRepository { gone: Some(true), ..Default::default() })
        .unwrap();
    let error = world.session().blob(&world.name, &sha, 1024).await.unwrap_err();
    assert!(matches!(error, GitHubError::RepositoryGone), "{error:?}");
}

#[tokio::test]
async fn short_failures_are_ridden_out() {
    let (world, sha) = world().await;
    for kind in [FaultKind::Reset, FaultKind::Status] {
        world.fail(Fault::new(RouteKind::Blob, kind).times(2));
        assert_eq!(world.session().blob(&world.name, &sha, 1024).await.unwrap(), CONTENT);
    }
}

#[tokio::test]
async fn lasting_failures_are_transient_errors() {
    let (world, sha) = world().await;
    let mut impatient = settings(&world.sim);
    impatient.retries_max = 0;
    let session = client(&world.sim, &impatient).session(INSTALLATION);
    world.fail(Fault { status: Some(502), ..Fault::new(RouteKind::Blob, FaultKind::Status) });
    let error = session.blob(&world.name, &sha, 1024).await.unwrap_err();
    assert!(matches!(error, GitHubError::Transient(Transient::Status(502))), "{error:?}");
    world.fail(Fault::new(RouteKind::Any, FaultKind::Reset));
    let error = session.blob(&world.name, &sha, 1024).await.unwrap_err();
    assert!(matches!(error, GitHubError::Transient(Transient::Network(_))), "{error:?}");
    assert!(error.is_transient());
    world.heal();
    assert_eq!(session.blob(&world.name, &sha, 1024).await.unwrap(), CONTENT);
}
