use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn file(path: &str, sha: &str) -> TreeEntry {
    TreeEntry { path: path.to_owned(), kind: EntryKind::File, sha: sha.to_owned(), bytes: Some(10) }
}

fn bound(path: &str, sha: &str, number: u128) -> Binding {
    Binding {
        path: path.to_owned(),
        object: ConfigObjectId(Uuid::from_u128(number)),
        object_type: ObjectType::Skill,
        blob_sha: sha.to_owned(),
        parser_version: 1,
    }
}

fn skills() -> Vec<Mapping> {
    vec![Mapping { selector: "skills/**".parse().unwrap(), object_type: ObjectType::Skill }]
}

fn plan_of(tree: &[TreeEntry], bindings: Vec<Binding>) -> Plan {
    plan(tree, &skills(), bindings, 1, &Limits::default()).unwrap()
}

#[test]
fn new_changed_unchanged_and_gone_files_are_told_apart() {
    let tree = [
        file("skills/new", "n"),
        file("skills/changed", "b"),
        file("skills/same", "s"),
        file("other", "o"),
    ];
    let plan = plan_of(
        &tree,
        vec![
            bound("skills/changed", "a", 1),
            bound("skills/same", "s", 2),
            bound("skills/gone", "g", 3),
        ],
    );
    let wanted: Vec<_> =
        plan.wanted.iter().map(|it| (it.path.as_str(), it.object.is_some())).collect();
    assert_eq!(wanted, [("skills/changed", true), ("skills/new", false)]);
    assert_eq!(plan.gone.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["skills/gone"]);
    assert_eq!(plan.unchanged, 1);
}

#[test]
fn a_file_that_became_too_large_keeps_its_last_good_version() {
    let mut huge = file("skills/huge", "h");
    huge.bytes = Some(1024 * 1024 + 1);
    let plan = plan_of(&[huge], vec![bound("skills/huge", "before", 1)]);
    assert_eq!(plan.failed[0].reason, FileReason::TooLarge);
    assert!(plan.gone.is_empty() && plan.wanted.is_empty());
}

#[test]
fn a_file_that_became_a_symlink_is_gone() {
    let mut link = file("skills/link", "l");
    link.kind = EntryKind::Symlink;
    let plan = plan_of(&[link], vec![bound("skills/link", "before", 1)]);
    assert_eq!(plan.gone.len(), 1);
    assert_eq!(plan.skipped[0].reason, FileReason::Symlink);
}

#[test]
fn a_new_parser_reads_every_file_again() {
    let plan = plan(
        &[file("skills/a", "a")],
        &skills(),
        vec![bound("skills/a", "a", 1)],
        2,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(plan.wanted.len(), 1);
}

#[test]
fn a_path_that_changes_its_type_becomes_a_new_object() {
    let agents =
        [Mapping { selector: "skills/**".parse().unwrap(), object_type: ObjectType::Agent }];
    let plan = plan(
        &[file("skills/a", "a")],
        &agents,
        vec![bound("skills/a", "a", 1)],
        1,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!((plan.gone.len(), plan.wanted[0].object), (1, None));
}

#[test]
fn more_files_than_the_limit_are_refused_with_both_numbers() {
    let limits = Limits { files_max: 1, ..Limits::default() };
    let error =
        plan(&[file("skills/a", "a"), file("skills/b", "b")], &skills(), vec![], 1, &limits)
            .unwrap_err();
    assert!(error.to_string().contains("select 2 files"), "{error}");
}

#[test]
fn a_path_that_stands_twice_in_the_tree_fails_once_beside_the_first() {
    let twice = [file("skills/a", "x"), file("skills/a", "y"), file("skills/a", "z")];
    let plan = plan_of(&twice, vec![]);
    assert_eq!(plan.wanted.len(), 1);
    assert_eq!(
        plan.failed.iter().map(|it| it.reason).collect::<Vec<_>>(),
        [FileReason::DuplicatePath]
    );
}

#[test]
fn the_deletion_guard_needs_both_the_number_and_the_share() {
    let limits = Limits::default();
    assert!(guarded(21, 40, &limits));
    assert!(!guarded(20, 20, &limits), "twenty may always go");
    assert!(!guarded(21, 42, &limits), "half may always go");
}

/// The state that carrying out a plan leaves behind: path to blob.
fn applied(before: &BTreeMap<String, String>, plan: &Plan) -> BTreeMap<String, String> {
    let mut after = before.clone();
    for gone in &plan.gone {
        after.remove(&gone.path);
    }
    for wanted in &plan.wanted {
        after.insert(wanted.path.clone(), wanted.sha.clone());
    }
    after
}

proptest! {
    #[test]
    fn a_carried_out_plan_makes_the_target_equal_to_the_tree(
        before in prop::collection::btree_map("(skills|agents)/[a-c]{1,2}", "[xyz]", 0..8),
        head in prop::collection::btree_map("(skills|other)/[a-c]{1,2}", "[xyz]", 0..8),
    ) {
        let bindings: Vec<_> = before.iter().zip(1..).map(|((path, sha), n)| bound(path, sha, n)).collect();
        let tree: Vec<_> = head.iter().map(|(path, sha)| file(path, sha)).collect();
        let plan = plan_of(&tree, bindings);
        let expected: BTreeMap<_, _> =
            head.iter().filter(|(path, _)| path.starts_with("skills/")).map(|(k, v)| (k.clone(), v.clone())).collect();
        prop_assert_eq!(applied(&before, &plan), expected.clone());
        prop_assert_eq!(plan.wanted.len() + plan.unchanged, expected.len());
    }
}
