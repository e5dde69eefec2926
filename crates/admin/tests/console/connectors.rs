//! The pages of connectors: what they show, to whom, and what they do with hostile names.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Tracked, Yard, items, text};

const LIST: &str = "/w/acme/connectors";

/// The pages of one account, one instance and one target.
fn pages(tracked: &Tracked) -> [String; 3] {
    [
        format!("/w/acme/connector-accounts/{}", tracked.account),
        format!("/w/acme/connector-instances/{}", tracked.instance),
        format!("/w/acme/connector-targets/{}", tracked.target),
    ]
}

#[tokio::test]
async fn connectors_are_shown_with_where_each_target_stands() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let announced = "612dd272d1371c17149d439536b3216fdaeeb975";
    yard.execute("delete from job").await;
    yard.execute("delete from sync_event").await;
    yard.execute(
        "insert into sync_event (id, workspace_id, target_id, trigger, status, reason, error, completed_at, repository,
                                 git_ref, announced_sha)
         select uuid_v7(now()), workspace_id, id, 'push', 'failed', null, 'GitHub answered 502', now(), repository,
                git_ref, '612dd272d1371c17149d439536b3216fdaeeb975' from connector_target",
    )
    .await;
    yard.execute(
        "insert into connector_mapping (id, workspace_id, target_id, selector, object_type)
         select uuid_v7(now()), workspace_id, id, 'skills/**', 'skill' from connector_target",
    )
    .await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(LIST);
    for part in ["<b>1 target</b>: 1 active.", "1 is behind what was announced", "octo", "Skills"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(page.contains(&format!("href=\"https://github.com/octo/skills/commit/{announced}\"")));
    let [account, instance, target] = pages(&tracked);
    for (path, parts) in [
        (&account, ["Disconnect …", "Add an instance", "hookyard-admin connector account show"]),
        (&instance, ["Sync now", "Remove …", "1 target with 1 mapping brings in"]),
        (&target, ["Resync", "Behind:", "GitHub answered 502"]),
    ] {
        assert!(page.contains(&format!("href=\"{path}\"")), "{path} in {page}");
        let page = ada.page(path);
        for part in parts {
            assert!(page.contains(part), "{part} in {path}: {page}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
    }
    let found = ada.open(&format!("/w/acme/search?q={}", tracked.target));
    assert_eq!(found.header("location"), Some(&*target));
}

#[tokio::test]
async fn an_empty_page_says_what_to_do_next_and_only_to_who_may() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, admin) = yard.member("ada", "admin");
    let (_, plain) = yard.member("bob", "member");
    let served = Served::start(&yard);
    let page = Reader::signed_in(&served, &admin).page(LIST);
    assert!(page.contains("Nothing is followed yet.") && page.contains("connector-accounts/add"));
    let page = Reader::signed_in(&served, &plain).page(LIST);
    assert!(!page.contains("connector-accounts/add"), "{page}");
}

#[tokio::test]
async fn hostile_names_stay_text_on_every_page_of_connectors() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    yard.execute("update connector_account set login = '<script>alert(1)</script>'").await;
    yard.execute("update connector_instance set name = '\"><img src=x onerror=alert(2)>'").await;
    yard.execute(
        "update connector_target set repository = 'javascript:<b>x/</b>', default_branch = '<i>d</i>',
                git_ref = 'refs/heads/<script>alert(3)</script>', applied_sha = '../../<u>evil', applied_at = now(),
                status = 'needs_confirmation'",
    )
    .await;
    yard.execute(
        "insert into connector_mapping (id, workspace_id, target_id, selector, object_type)
         select uuid_v7(now()), workspace_id, id, '<script>alert(4)</script>/**', 'skill' from connector_target",
    )
    .await;
    let (_, token) = yard.member("<em>eve</em>", "owner");
    let served = Served::start(&yard);
    let mut eve = Reader::signed_in(&served, &token);
    let mapping = text(&items(&yard.json(&["connector", "mapping", "list"]))[0], "id");
    let [account, instance, target] = pages(&tracked);
    let mut paths = vec![LIST.to_owned(), account.clone(), instance.clone(), target.clone()];
    paths.extend(["/disconnect", "/instances/add"].map(|rest| format!("{account}{rest}")));
    paths.extend(
        ["/rename", "/remove", "/access", "/targets/add"].map(|rest| format!("{instance}{rest}")),
    );
    paths.extend(
        ["/confirm-deletions", "/branch", "/mappings/add"].map(|rest| format!("{target}{rest}")),
    );
    let of_mapping = |rest| format!("/w/acme/connector-mappings/{mapping}/{rest}");
    paths.extend(["edit", "remove"].map(of_mapping));
    for path in paths {
        let page = eve.page(&path);
        for markup in ["<script>", "<img", "<b>x", "<i>d", "<u>evil", "<em>eve", "\"javascript:"] {
            assert!(!page.contains(markup), "{markup} in {path}: {page}");
        }
        assert!(page.contains("&lt;"), "{path}");
    }
}

#[tokio::test]
async fn a_page_of_a_plain_member_is_full_of_what_they_may_see() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    // Newer than all that bob may see, and more than a page.
    let other =
        yard.id(&["connector", "instance", "add", "--account", &tracked.account, "--name", "Else"]);
    yard.execute(
        "insert into connector_target (id, workspace_id, instance_id, repository_id, repository, git_ref, status)
         select uuid_v7(now() + make_interval(secs => n)), workspace_id, id, 100 + n, 'octo/n' || n, 'refs/heads/main',
                'active' from connector_instance, generate_series(1, 120) n where name = 'Else'",
    )
    .await;
    yard.execute(
        "insert into connector_target (id, workspace_id, instance_id, repository_id, repository, git_ref, status)
         select uuid_v7(now()), workspace_id, id, 300 + n, 'octo/seen' || n, 'refs/heads/main', 'active'
           from connector_instance, generate_series(1, 4) n where name = 'Skills'",
    )
    .await;
    yard.execute(
        "insert into config_object (id, workspace_id, target_id, object_type, path, status, current_version_id, title)
         select uuid_v7(now() + make_interval(secs => repository_id)), workspace_id, id, 'skill', 'a.md', 'active',
                uuid_v7(now()), 'a' from connector_target",
    )
    .await;
    let (bob, token) = yard.member("bob", "member");
    yard.id(&[
        "grant",
        "put",
        "--instance",
        &tracked.instance,
        "--member",
        &bob,
        "--role",
        "viewer",
    ]);
    let served = Served::start(&yard);
    for noun in ["connector-targets", "config-objects", "connector-instances"] {
        let (mut seen, mut cursor) = (0, String::new());
        loop {
            let page = served.get(&format!("/v1/workspaces/acme/{noun}?limit=2{cursor}"), &token);
            let page = page.json();
            seen += items(&page).len();
            let Some(next) = page["nextCursor"].as_str() else { break };
            assert_eq!(items(&page).len(), 2, "{noun}: a page before the last is full");
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, if noun == "connector-instances" { 1 } else { 5 }, "{noun}");
    }
    let page = Reader::signed_in(&served, &token).page(LIST);
    assert!(page.contains("<b>5 targets</b>: 5 active."), "{page}");
    assert!(page.contains("octo/seen4") && !page.contains("octo/n1"), "{page}");
    assert!(!page.contains(&other), "{page}");
}
