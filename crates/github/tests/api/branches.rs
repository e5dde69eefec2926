use hookyard_github::{BranchHead, GitHubError};
use hookyard_testkit::github_sim::{ChangeRepository, MoveBranch, RouteKind};

use crate::support::{REPOSITORY_ID, World};

fn etag(head: &BranchHead) -> &str {
    match head {
        BranchHead::At { etag: Some(etag), .. } => etag,
        BranchHead::At { .. } | BranchHead::Unchanged | BranchHead::Absent => {
            panic!("no entity tag: {head:?}")
        }
    }
}

#[tokio::test]
async fn a_branch_is_at_its_commit_and_unchanged_until_it_moves() {
    let mut world = World::small().await;
    let session = world.session();
    let first = session.branch_head(&world.name, "main", None).await.unwrap();
    assert!(matches!(&first, BranchHead::At { sha, .. } if *sha == world.head()));
    let again = session.branch_head(&world.name, "main", Some(etag(&first))).await.unwrap();
    assert_eq!(again, BranchHead::Unchanged);

    world.repo.write("b.md", "new").commit("second").unwrap();
    world.sim.move_branch("main", MoveBranch::default().silently()).await.unwrap();
    let moved = session.branch_head(&world.name, "main", Some(etag(&first))).await.unwrap();
    assert!(matches!(&moved, BranchHead::At { sha, .. } if *sha == world.head()));
}

#[tokio::test]
async fn asking_for_what_is_unchanged_costs_nothing_of_the_limit() {
    let world = World::small().await;
    let session = world.session();
    let head = session.branch_head(&world.name, "main", None).await.unwrap();
    let before = world.sim.describe()["rateLimit"]["remaining"].clone();
    session.branch_head(&world.name, "main", Some(etag(&head))).await.unwrap();
    assert_eq!(world.sim.describe()["rateLimit"]["remaining"], before);
}

#[tokio::test]
async fn an_absent_branch_is_told_from_a_repository_that_is_gone() {
    let world = World::small().await;
    let session = world.session();
    assert_eq!(session.branch_head(&world.name, "nope", None).await.unwrap(), BranchHead::Absent);
    world.sim.move_branch("main", MoveBranch::deleted().silently()).await.unwrap();
    assert_eq!(session.branch_head(&world.name, "main", None).await.unwrap(), BranchHead::Absent);

    world
        .sim
        .change_repository(ChangeRepository { gone: Some(true), ..Default::default() })
        .unwrap();
    let error = session.branch_head(&world.name, "main", None).await.unwrap_err();
    assert!(matches!(error, GitHubError::RepositoryGone), "{error:?}");
}

#[tokio::test]
async fn any_branch_name_is_found() {
    let names = ["feature/a#b", "50%-off", "ü/\u{1f600}", "x&y+z"];
    let world = World::with(|repo| {
        repo.write("a", "1").commit("first").unwrap();
        for name in names {
            repo.switch(name).unwrap();
        }
    })
    .await;
    for name in names {
        let head = world.session().branch_head(&world.name, name, None).await.unwrap();
        assert!(matches!(head, BranchHead::At { .. }), "{name}: {head:?}");
    }
}

#[tokio::test]
async fn a_repository_without_commits_has_no_branch() {
    let world = World::with(|_| {}).await;
    let head = world.session().branch_head(&world.name, "main", None).await.unwrap();
    assert_eq!(head, BranchHead::Absent);
}

#[tokio::test]
async fn a_renamed_repository_answers_under_its_old_name() {
    let world = World::small().await;
    let rename = Some("octo-org/abilities".to_owned());
    world.sim.change_repository(ChangeRepository { rename, ..Default::default() }).unwrap();
    let session = world.session();
    let repository = session.repository(&world.name).await.unwrap();
    assert_eq!((repository.id, &*repository.full_name), (REPOSITORY_ID, "octo-org/abilities"));
    let head = session.branch_head(&world.name, "main", None).await.unwrap();
    assert!(matches!(head, BranchHead::At { sha, .. } if sha == world.head()));
    assert_eq!(session.tree(&world.name, &world.head()).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_lagging_branch_shows_its_old_commit_first() {
    let mut world = World::small().await;
    let old = world.head();
    world.repo.write("b.md", "new").commit("second").unwrap();
    let session = world.session();
    // Before the lag begins: a token takes its time.
    session.branch_head(&world.name, "main", None).await.unwrap();
    let request = MoveBranch { visible_after_ms: 3_000, ..MoveBranch::default().silently() };
    world.sim.move_branch("main", request).await.unwrap();
    let head = session.branch_head(&world.name, "main", None).await.unwrap();
    assert!(matches!(head, BranchHead::At { sha, .. } if sha == old));
    loop {
        match session.branch_head(&world.name, "main", None).await.unwrap() {
            BranchHead::At { sha, .. } if sha == world.head() => break,
            BranchHead::At { .. } | BranchHead::Unchanged | BranchHead::Absent => {}
        }
    }
    assert!(world.sim.requests()[&RouteKind::Ref] >= 2);
}
