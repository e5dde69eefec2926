use hookyard_github::GitHubError;
use hookyard_testkit::github_sim::{ChangeRepository, SimRepository};

use crate::support::{REPOSITORY_ID, World};

#[tokio::test]
async fn a_repository_is_described_by_name_and_by_id() {
    let world = World::small().await;
    let session = world.session();
    let by_name = session.repository(&world.name).await.unwrap();
    assert_eq!(by_name, session.repository_by_id(REPOSITORY_ID).await.unwrap());
    assert_eq!(
        (&*by_name.default_branch, by_name.archived, by_name.private),
        ("main", false, true)
    );
    let archived = ChangeRepository { archived: Some(true), ..Default::default() };
    world.sim.change_repository(archived).unwrap();
    assert!(session.repository_by_id(REPOSITORY_ID).await.unwrap().archived);
}

#[tokio::test]
async fn an_unknown_repository_is_gone() {
    let world = World::small().await;
    let error = world.session().repository_by_id(1).await.unwrap_err();
    assert!(matches!(error, GitHubError::RepositoryGone), "{error:?}");
}

#[tokio::test]
async fn all_pages_of_repositories_are_read() {
    let world = World::small().await;
    for id in 1..=120 {
        let path = world.repo.path().to_owned();
        let repository = SimRepository { path, full_name: format!("octo-org/r{id}"), id };
        world.sim.add_repository(repository).await.unwrap();
    }
    let mut ids: Vec<i64> = world
        .session()
        .repositories()
        .await
        .unwrap()
        .iter()
        .map(|repository| repository.id)
        .collect();
    ids.sort_unstable();
    let expected: Vec<i64> = (1..=120).chain([REPOSITORY_ID]).collect();
    assert_eq!(ids, expected);
}
