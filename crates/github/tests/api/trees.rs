use hookyard_github::{FileMode, GitHubError, Tree};
use hookyard_testkit::{
    git::TreeLine,
    github_sim::{ChangeRepository, Fault, FaultKind, RouteKind},
};

use crate::support::World;

/// A tree as git lists it.
fn lines(tree: &Tree) -> Vec<TreeLine> {
    let mut lines: Vec<TreeLine> = tree
        .entries
        .iter()
        .map(|entry| TreeLine {
            path: entry.path.clone(),
            mode: match entry.mode {
                FileMode::File => "100644",
                FileMode::Executable => "100755",
                FileMode::Symlink => "120000",
                FileMode::Submodule => "160000",
            }
            .to_owned(),
            sha: entry.sha.to_string(),
            size: (entry.mode != FileMode::Submodule).then_some(entry.size),
        })
        .collect();
    lines.sort();
    lines
}

/// Every kind of entry and every kind of name, some levels deep.
async fn varied() -> World {
    World::with(|repo| {
        for path in [
            "A.md",
            "a.md",
            "dir/sp ace.md",
            "dir/qu\"ote.md",
            "dir/\u{1f600}/ü.md",
            "x/y/z/w/deep.md",
        ] {
            repo.write(path, path);
        }
        repo.write_executable("bin/run", "#!/bin/sh\n").link("loop", "loop").write("empty", "");
        repo.submodule("vendor/lib", &"12".repeat(20));
        repo.commit("first").unwrap();
    })
    .await
}

#[tokio::test]
async fn a_tree_is_what_git_lists() {
    let world = varied().await;
    let session = world.session();
    let tree = session.tree(&world.name, &world.head()).await.unwrap();
    assert_eq!(lines(&tree), world.repo.ls_tree("main").unwrap());
    assert_eq!((tree.requests, session.requests()), (1, 2));
}

#[tokio::test]
async fn a_truncated_tree_is_walked_to_the_same_list() {
    let world = varied().await;
    world.fail(Fault::new(RouteKind::Tree, FaultKind::Truncated));
    let tree = world.session().tree(&world.name, &world.head()).await.unwrap();
    assert_eq!(lines(&tree), world.repo.ls_tree("main").unwrap());
    assert!(tree.requests > 2);
}

#[tokio::test]
async fn only_directories_that_are_too_large_are_walked_level_by_level() {
    let world = varied().await;
    world.fail(Fault::new(RouteKind::Tree, FaultKind::Truncated).times(1));
    let tree = world.session().tree(&world.name, &world.head()).await.unwrap();
    assert_eq!(lines(&tree), world.repo.ls_tree("main").unwrap());
    // The root twice, and each of its four directories once.
    assert_eq!(tree.requests, 6);
}

#[tokio::test]
async fn more_files_than_github_lists_at_once_are_all_found() {
    let world = World::with(|repo| {
        for number in 0..100_500 {
            repo.write(
                format!("dir{:02}/sub{:02}/f{number}", number % 3, number % 50),
                number.to_string(),
            );
        }
        repo.commit("many").unwrap();
    })
    .await;
    let tree = world.session().tree(&world.name, &world.head()).await.unwrap();
    assert_eq!(lines(&tree), world.repo.ls_tree("main").unwrap());
    assert_eq!(tree.requests, 5);
}

#[tokio::test]
async fn a_single_directory_that_github_cannot_list_is_an_error_not_a_partial_list() {
    let world = World::with(|repo| {
        // Few files with long names reach the 7 MB sooner than 100,000 files are made.
        for number in 0..2_400 {
            repo.write(format!("{number:0>3000}"), "");
        }
        repo.commit("flat").unwrap();
    })
    .await;
    let error = world.session().tree(&world.name, &world.head()).await.unwrap_err();
    assert!(matches!(error, GitHubError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_repository_has_an_empty_tree() {
    let world = World::with(|_| {}).await;
    let tree = world.session().tree(&world.name, &"ab".repeat(20).parse().unwrap()).await.unwrap();
    assert_eq!(tree.entries, []);
}

#[tokio::test]
async fn an_unknown_commit_is_told_from_a_repository_that_is_gone() {
    let world = World::small().await;
    let unknown = "ab".repeat(20).parse().unwrap();
    let error = world.session().tree(&world.name, &unknown).await.unwrap_err();
    assert!(matches!(error, GitHubError::TreeGone(sha) if sha == unknown), "{error:?}");
    world
        .sim
        .change_repository(ChangeRepository { gone: Some(true), ..Default::default() })
        .unwrap();
    let error = world.session().tree(&world.name, &world.head()).await.unwrap_err();
    assert!(matches!(error, GitHubError::RepositoryGone), "{error:?}");
}

#[tokio::test]
async fn a_tree_that_ends_in_the_middle_is_never_taken_for_a_tree() {
    let world = varied().await;
    world.fail(Fault::new(RouteKind::Tree, FaultKind::Corrupt));
    let error = world.session().tree(&world.name, &world.head()).await.unwrap_err();
    assert!(matches!(error, GitHubError::Unexpected { .. }), "{error:?}");
}
