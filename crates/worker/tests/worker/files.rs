//! Files that cannot be brought in, and names that are hard to carry. One bad file never fails the others.

use hookyard_testkit::gateway::sample;

use crate::support::{
    active, assert_counts_add_up, assert_equals, imported, newest_fate, newest_files, put, started,
};

#[tokio::test]
async fn a_broken_file_keeps_its_last_good_version_and_the_others_go_on() {
    let gateway = started().await;
    let before = active(&gateway).await;
    gateway
        .push(|repo| {
            repo.write("agents/helper.md", "---\nname: [open\n---\n")
                .write("agents/two.md", "# Two\n");
        })
        .await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "partial");
    let after = active(&gateway).await;
    assert_eq!(after["agents/helper.md"], before["agents/helper.md"]);
    assert!(after.contains_key("agents/two.md"));
    assert_eq!(
        newest_files(&gateway).await,
        ["agents/helper.md failed: unparsable", "agents/two.md created"]
    );
    let repaired = put(&gateway, "agents/helper.md", "# Helper\n").await;
    gateway.idle().await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    assert_equals(&gateway, &repaired.after).await;
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn each_kind_of_bad_file_is_recorded_by_its_path() {
    const LARGE: usize = 50 * 1024 * 1024;
    let gateway = imported(|repo| {
        sample(repo);
        repo.write("skills/huge.bin", vec![b'x'; LARGE])
            .write("skills/over.md", vec![b'x'; 1024 * 1024 + 1])
            .write("skills/largest.md", vec![b'x'; 1024 * 1024])
            .write("skills/latin1.md", b"caf\xe9\n".to_vec())
            .write("skills/nul.md", b"a\0b".to_vec())
            .write("skills/empty.md", "")
            .write("skills/manifest.json", "{\"broken\":")
            .write(
                "skills/pointer.md",
                "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n",
            )
            .link("skills/loop", "loop")
            .link("skills/out", "../../etc/passwd")
            .submodule("skills/module", "6dcb09b5b57875f334f61aebed695e2e4193db5e");
    })
    .await;
    let bad: Vec<String> =
        newest_files(&gateway).await.into_iter().filter(|file| file.contains(": ")).collect();
    assert_eq!(
        bad,
        [
            "skills/huge.bin failed: too_large",
            "skills/latin1.md failed: not_utf8",
            "skills/loop skipped: symlink",
            "skills/manifest.json failed: unparsable",
            "skills/module skipped: submodule",
            "skills/nul.md failed: not_utf8",
            "skills/out skipped: symlink",
            "skills/over.md failed: too_large",
            "skills/pointer.md failed: lfs_pointer",
        ]
    );
    assert_eq!(newest_fate(&gateway).await, "partial");
    let good = active(&gateway).await;
    assert!(good.contains_key("skills/empty.md") && good.contains_key("skills/largest.md"));
    assert_eq!(good.len(), 3 + 2);
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn names_with_spaces_quotes_emoji_and_case_are_names() {
    let gateway = imported(|repo| {
        for name in [
            "a b.md",
            "it's.md",
            "\"quoted\".md",
            "back\\slash.md",
            "tab\there.md",
            "🦀.md",
            "Case.md",
            "case.md",
            "CASE.md",
            "-dash.md",
            "%41.md",
            "#hash?.md",
            "über/ñ.md",
            ".hidden/x.md",
            "{a,b}.md",
            "[x].md",
            "star*.md",
        ] {
            repo.write(format!("skills/{name}"), format!("# {name}\n"));
        }
    })
    .await;
    assert_eq!(newest_fate(&gateway).await, "completed");
    let head = gateway.github().head("main").unwrap();
    assert_equals(&gateway, &head).await;
    assert_eq!(active(&gateway).await.len(), 17);
    let moved = gateway
        .push(|repo| {
            repo.remove("skills/case.md").write("skills/🦀.md", "# Crab\n");
        })
        .await;
    gateway.idle().await;
    assert_equals(&gateway, &moved.after).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_file_that_becomes_a_link_goes_and_one_that_outgrows_the_limit_stays_as_it_was() {
    let gateway = started().await;
    let before = active(&gateway).await;
    gateway
        .push(|repo| {
            repo.remove("agents/helper.md")
                .link("agents/helper.md", "../README.md")
                .write("commands/ship.md", vec![b'x'; 2 * 1024 * 1024]);
        })
        .await;
    gateway.idle().await;
    let after = active(&gateway).await;
    assert!(!after.contains_key("agents/helper.md"));
    assert_eq!(after["commands/ship.md"], before["commands/ship.md"]);
    assert_eq!(newest_fate(&gateway).await, "partial");
    assert_counts_add_up(&gateway).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_blob_that_github_does_not_show_fails_its_file_until_a_later_look_finds_it() {
    use hookyard_testkit::github_sim::{Fault, FaultKind, RouteKind};
    let gateway = started().await;
    // Missing at the first look and at the second.
    crate::support::faults(&gateway, [Fault::new(RouteKind::Blob, FaultKind::Missing).times(2)]);
    let moved = put(&gateway, "agents/two.md", "# Two\n").await;
    gateway.idle().await;
    let looks = "select trigger || ' ' || status as fate from sync_event order by seq desc limit 3";
    let fates = gateway.db().rows(looks).await;
    let fates: Vec<&str> = fates.iter().filter_map(|row| row["fate"].as_str()).collect();
    assert_eq!(fates, ["recheck completed", "recheck partial", "push partial"]);
    assert_equals(&gateway, &moved.after).await;
    gateway.finish().await;
}
