//! What GitHub is asked when something is set up: repositories, branches, files.

use serde_json::{Value, json};

use crate::world::World;
use crate::yard::{Yard, items, text};

impl World {
    async fn new() -> Self {
        Self::with(|repo| {
            repo.write("skills/a/SKILL.md", "a").write("skills/b.md", "bb").write("README.md", "x");
            repo.link("skills/link", "b.md");
        })
        .await
    }

    fn preview(&self, selector: &str) -> Value {
        let target = &self.tracked.target;
        self.run(&["connector", "mapping", "preview", "--target", target, "--selector", selector])
            .json()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_a_selector_matches_and_fetches_no_file() {
    let world = World::new().await;
    let preview = world.preview("skills/**");
    assert_eq!((&preview["headSha"], &preview["files"]), (&json!(world.head), &json!(4)));
    assert_eq!((&preview["matched"], &preview["new"]), (&json!(3), &json!(3)));
    let found: Vec<(String, String)> =
        items(&preview).iter().map(|it| (text(it, "path"), text(it, "kind"))).collect();
    let expected =
        [("skills/a/SKILL.md", "file"), ("skills/b.md", "file"), ("skills/link", "symlink")];
    assert_eq!(found, expected.map(|(path, kind)| (path.to_owned(), kind.to_owned())));
    assert_eq!(world.preview("nothing/*")["matched"], 0);
    assert_eq!(world.yard.json(&["connector", "mapping", "list"])["items"], json!([]));
    assert_eq!(world.yard.number("select count(*) as n from blob").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_which_mapping_takes_a_file_first() {
    let world = World::new().await;
    let target = &world.tracked.target;
    let first = world.yard.id(&[
        "connector",
        "mapping",
        "add",
        "--target",
        target,
        "--selector",
        "skills/*.md",
        "--object-type",
        "skill",
    ]);
    let preview = world.preview("skills/**");
    assert_eq!((&preview["matched"], &preview["taken"]), (&json!(3), &json!(1)));
    let taken: Vec<&Value> =
        items(&preview).iter().filter(|it| it.get("takenBy").is_some()).collect();
    assert_eq!(
        (text(taken[0], "path"), text(taken[0], "takenBy")),
        ("skills/b.md".to_owned(), first)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_validated_before_it_is_made() {
    let world = World::new().await;
    let account = &world.tracked.account;
    let validate = |repository: &str, branch: &[&str]| {
        let arguments =
            ["connector", "target", "validate", "--account", account, "--repository", repository];
        world.run(&[&arguments, branch].concat())
    };
    let valid = validate("octo/skills", &[]).json();
    assert_eq!((&valid["repositoryId"], &valid["branch"]), (&json!(9), &json!("main")));
    assert_eq!(text(&valid, "headSha"), world.head);
    let branch = validate("octo/skills", &["--branch", "nowhere"]);
    assert!(branch.code == 1 && branch.stderr.contains("has no branch \"nowhere\""), "{branch:?}");
    let repository = validate("octo/other", &[]);
    assert!(repository.code == 1 && repository.stderr.contains("cannot see"), "{repository:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_repositories_are_listed_as_github_tells_them() {
    let world = World::new().await;
    let found = world.run(&["connector", "account", "repositories", &world.tracked.account]).json();
    let expected = ("octo/skills".to_owned(), json!(9));
    let first = &items(&found)[0];
    assert_eq!((text(first, "fullName"), first["repositoryId"].clone()), expected);
    world.yard.json(&["connector", "account", "disconnect", &world.tracked.account]);
    let gone = world.run(&["connector", "account", "repositories", &world.tracked.account]);
    assert!(gone.code == 1 && gone.stderr.contains("is disconnected"), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_app_github_is_not_asked() {
    let yard = Yard::new().await;
    let account = yard.tracked().account;
    let asked = yard.run(&["connector", "account", "repositories", &account]);
    assert!(asked.code == 1 && asked.stderr.contains("github app set"), "{asked:?}");
}
