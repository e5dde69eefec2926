//! Many sync events retried at once, and the list that leads there.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, text};

const LIST: &str = "/w/acme/sync-events";
const RETRY: &str = "/w/acme/sync-events/retry";

/// Three failed syncs of each target that is not disabled, and a partial one of each that is.
const BAD: &str = "insert into sync_event (id, workspace_id, target_id, trigger, status, completed_at, repository,
                                           git_ref, error, failed)
     select uuid_v7(now() - interval '1 minute'), workspace_id, id, 'push',
            case status when 'disabled' then 'partial' else 'failed' end, now(), repository, git_ref,
            case status when 'disabled' then null else 'GitHub answered 404' end, 2
       from connector_target, generate_series(1, 3) n where status <> 'disabled' or n = 1";

/// A workspace that tracks two branches, one of them switched off, each with syncs that did not end well.
async fn troubled() -> Yard {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let other = yard.id(&[
        "connector",
        "target",
        "add",
        "--instance",
        &tracked.instance,
        "--repository",
        "octo/notes",
        "--repository-id",
        "10",
        "--branch",
        "main",
    ]);
    yard.json(&["connector", "target", "disable", &other]);
    yard.execute("delete from job").await;
    yard.execute("delete from sync_event").await;
    yard.execute(BAD).await;
    yard
}

/// The hidden fields of the form that posts to a path, without its token.
fn hidden<'a>(page: &'a str, path: &str) -> Vec<(&'a str, &'a str)> {
    let form = page.split(&format!("action=\"{path}\"")).nth(1).expect("a form");
    let form = form.split("</form>").next().unwrap();
    let field = |part: &'a str| {
        let mut words = part.split('"');
        let name = words.next().unwrap();
        Some((name, words.nth(1)?)).filter(|(name, _)| *name != "csrf")
    };
    form.split("<input type=\"hidden\" name=\"").skip(1).filter_map(field).collect()
}

#[tokio::test]
async fn a_preview_says_what_a_retry_of_many_starts_and_its_button_starts_that_once() {
    let yard = troubled().await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(&format!("{RETRY}?status=partial,failed&since=24h"));
    for part in [
        "Retry 4 sync events?",
        "They belong to 2 targets",
        "this queues <b>1 sync</b>; 1 target is left out",
        "octo/skills",
        "GitHub answered 404",
        "left out: the target is disabled",
        "Queue 1 sync</button>",
        "later arrivals are not included",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(yard.number("select count(*) as n from job").await, 0, "a preview starts nothing");

    // What fails after the preview is not part of it.
    yard.execute("update connector_target set status = 'active'").await;
    let mut fields = hidden(&page, RETRY);
    assert!(fields.iter().any(|(name, _)| *name == "to"), "{fields:?}");
    fields.retain(|(name, _)| *name != "status");
    fields.push(("status", "failed"));
    fields.push(("reason", "the repository is back"));
    for (said, queued) in [("Queued 1 sync.", 1), ("Nothing was queued; 1 target was left out.", 1)]
    {
        let answer = ada.submit(&page, RETRY, &fields);
        assert_eq!(answer.status, 303, "{answer:?}");
        let next = answer.header("location").unwrap().to_owned();
        let list = ada.page(&next);
        assert!(list.contains(said), "{said} in {list}");
        let unfinished = "select count(*) as n from sync_event where status = 'queued'";
        assert_eq!(yard.number(unfinished).await, queued);
        assert_eq!(yard.number("select count(*) as n from job where kind = 'sync'").await, queued);
    }
    let audit = yard.json(&["audit", "list"]);
    let lines: Vec<_> = items(&audit).iter().map(|line| text(line, "action")).collect();
    let many = lines.iter().filter(|it| *it == "sync_event.retry_many").count();
    let each = lines.iter().filter(|it| *it == "sync_event.retry").count();
    assert_eq!((many, each), (1, 1), "{lines:?}");
    // The new sync event's story tells who asked for it, and why.
    let listed = yard.json(&["sync-events", "list", "--status", "queued"]);
    let page = ada.page(&format!("{LIST}/{}", text(&items(&listed)[0], "id")));
    assert!(page.contains("the repository is back"), "{page}");
}

#[tokio::test]
async fn who_may_edit_no_target_sees_all_of_them_left_out() {
    let yard = troubled().await;
    let (bob, token) = yard.member("bob", "member");
    let instance = text(&items(&yard.json(&["connector", "instance", "list"]))[0], "id");
    let put = ["grant", "put", "--instance", &instance, "--member", &bob, "--role", "viewer"];
    yard.id(&put);
    let served = Served::start(&yard);
    let mut bob = Reader::signed_in(&served, &token);
    assert!(!bob.page(LIST).contains("that need attention"));
    let page = bob.page(RETRY);
    assert!(page.contains("it takes an editor of its connector instance"), "{page}");
    assert!(!page.contains(&format!("action=\"{RETRY}\"")), "{page}");
    let csrf = crate::reader::csrf(&page).to_owned();
    let answer = bob.send(RETRY, &[("csrf", &csrf)], "sec-fetch-site: same-origin\r\n");
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(yard.number("select count(*) as n from job").await, 0);
}

#[tokio::test]
async fn the_list_counts_from_rollups_and_its_bars_and_links_keep_their_time() {
    let yard = troubled().await;
    yard.execute(
        "insert into rollup (workspace_id, width, bucket, metric, count)
         select id, 'm', date_trunc('minute', now()), metric, n
           from workspace, (values ('sync_failed', 7), ('sync_partial', 19), ('sync_completed', 1258)) it (metric, n)",
    )
    .await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(LIST);
    for part in [
        "In the last 24 hours <b>1,284 syncs</b>",
        "All <span class=\"n\">1,284</span>",
        "Needs attention <span class=\"n\">26</span>",
        "Retry the 26 that need attention …",
        "/w/acme/sync-events/retry?status=partial,failed&amp;since=24h",
        "Link to this moment",
        "<a href=\"/w/acme/sync-events?from=",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let moment =
        page.split("<a href=\"").find(|part| part.contains("Link to this moment")).unwrap();
    let moment = moment.split('"').next().unwrap().replace("&amp;", "&");
    let rows = |page: &str| page.matches("class=\"rowlink\"").count();
    assert_eq!(rows(&ada.page(&moment)), 4);
    // Where there is no rollup, only what is on the page is counted.
    let page = ada.page(&format!("{LIST}?q=octo/skills"));
    assert!(page.contains("All <span class=\"n\">3</span>"), "{page}");
    assert!(page.contains("Retry those that need attention …"), "{page}");
}

#[tokio::test]
async fn a_filter_that_shows_nothing_says_which_wider_one_would() {
    let yard = troubled().await;
    yard.execute(
        "update sync_event set id = uuid_v7(now() - interval '2 hours'), queued_at = now() - interval '2 hours'",
    )
    .await;
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(&format!("{LIST}?status=failed&since=1h"));
    for part in [
        "No sync event is like this",
        "Nothing matches all of: <bdi>failed, last hour</bdi>",
        "3 sync events in the last 24 hours",
        "/w/acme/sync-events?status=failed&amp;since=24h",
        "Clear all filters",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("in the last 7 days"), "only the nearest: {page}");
}
