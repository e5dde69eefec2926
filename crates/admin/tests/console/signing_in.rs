//! Who gets in, and what the pages let happen to them.

use crate::http::Served;
use crate::reader::{Reader, csrf};
use crate::yard::{Yard, text};

const LIST: &str = "/w/acme/sync-events";

#[tokio::test]
async fn a_token_opens_the_console_until_its_reader_signs_out() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::new(&served);

    let refused = ada.open(&format!("{LIST}?status=failed"));
    assert_eq!(refused.status, 303);
    let door = refused.header("location").unwrap().to_owned();
    assert_eq!(door, "/sign-in?next=%2Fw%2Facme%2Fsync-events%3Fstatus%3Dfailed");
    assert!(ada.page(&door).contains("name=\"next\" value=\"/w/acme/sync-events?status=failed\""));

    let answer = ada.send("/sign-in", &[("token", &token), ("next", LIST)], "");
    assert_eq!((answer.status, answer.header("location")), (303, Some(LIST)));
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["hookyard_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains(&token));
    let session = ada.cookies.clone();
    let page = ada.page(LIST);
    assert!(page.contains("<h1>Sync events</h1>") && page.contains("ada"), "{page}");
    assert!(!page.contains(&token));

    let out = ada.submit(&page, "/sign-out", &[]);
    assert_eq!((out.status, out.header("location")), (303, Some("/sign-in")));
    // The cookie is worth nothing any more, whoever kept it.
    ada.cookies = session;
    assert_eq!(ada.open(LIST).status, 303);
}

#[tokio::test]
async fn a_wrong_token_says_one_thing_and_an_application_s_is_wrong() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, expired) = yard.member("ada", "owner");
    yard.execute("update token set expires_at = now() - interval '1 s'").await;
    let (member, _) = yard.member("bob", "owner");
    let revoked = yard.json(&["token", "create", "--member", &member]);
    yard.json(&["token", "revoke", &text(&revoked, "id")]);
    let scoped = ["token", "create", "--workspace", "acme", "--name", "ci"];
    let application = [&scoped[..], &["--scope", "events:write"]].concat();
    let application = text(&yard.json(&application), "token");
    let served = Served::start(&yard);
    let mut reader = Reader::new(&served);
    let mut said = Vec::new();
    for token in ["", "x", "hky_wrong", &text(&revoked, "token"), &application] {
        let answer = reader.send("/sign-in", &[("token", token)], "");
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(reader.cookies.is_empty());
        said.push(answer.body);
    }
    assert!(said.iter().all(|page| *page == said[0]));
    assert!(said[0].contains("This token does not open the console."), "{}", said[0]);
    let answer = reader.send("/sign-in", &[("token", &expired)], "");
    assert!(answer.body.contains("This token has expired."), "{answer:?}");
}

#[tokio::test]
async fn a_link_signs_in_once_and_by_its_button_only() {
    let yard = Yard::new().await;
    yard.workspace();
    let (member, _) = yard.member("ada", "owner");
    let url = text(&yard.json(&["sign-in-link", "--member", &member]), "url");
    let path = format!("/sign-in/{}", url.split_once("/sign-in/").unwrap().1);
    let served = Served::start(&yard);
    let mut preview = Reader::new(&served);
    for _ in 0..2 {
        assert!(preview.page(&path).contains("This link works once"));
    }
    assert!(preview.cookies.is_empty());
    let mut ada = Reader::new(&served);
    assert_eq!(ada.send(&path, &[], "").status, 303);
    assert_eq!(ada.open("/").header("location"), Some("/w/acme/overview"));
    let again = preview.send(&path, &[], "");
    assert_eq!(again.status, 422);
    assert!(again.body.contains("This link signs nobody in"), "{again:?}");
}

#[tokio::test]
async fn nobody_brings_a_session_of_their_own_making() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::new(&served);
    ada.cookies.insert("hookyard_session".to_owned(), "planted".to_owned());
    assert_eq!(ada.open(LIST).status, 303);
    assert_eq!(ada.send("/sign-in", &[("token", &token)], "").status, 303);
    assert_ne!(ada.cookies["hookyard_session"], "planted");
}

#[tokio::test]
async fn signing_in_leads_nowhere_else() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    for next in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/\tx", "javascript:1"]
    {
        let mut ada = Reader::new(&served);
        let answer = ada.send("/sign-in", &[("token", &token), ("next", next)], "");
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{next}");
        let choice = [("live", "off"), ("next", next)];
        let page = ada.page(LIST);
        assert_eq!(ada.submit(&page, "/live", &choice).header("location"), Some("/"), "{next}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_or_of_another_session_changes_nothing() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let mut other = Reader::signed_in(&served, &token);
    let (own, foreign) = (ada.page(LIST), other.page(LIST));
    let own = csrf(&own);
    for (csrf, headers) in [
        ("", ""),
        ("guess", "sec-fetch-site: same-origin\r\n"),
        (csrf(&foreign), "sec-fetch-site: same-origin\r\n"),
        (own, "sec-fetch-site: cross-site\r\n"),
        (own, "origin: https://evil.example\r\n"),
    ] {
        let answer = ada.send("/sign-out", &[("csrf", csrf)], headers);
        assert_eq!(answer.status, 403, "{headers:?}: {answer:?}");
        assert!(answer.body.contains("Nothing was changed"));
    }
    assert_eq!(ada.open(LIST).status, 200);
    // Signing somebody in as somebody else is no other site's business either.
    let mut victim = Reader::new(&served);
    let answer = victim.send("/sign-in", &[("token", &token)], "sec-fetch-site: cross-site\r\n");
    assert_eq!((answer.status, victim.cookies.len()), (403, 0));
}

#[tokio::test]
async fn every_answer_to_a_browser_is_protected_and_files_are_kept() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(LIST);
    let css = page.split("href=\"").find(|part| part.starts_with("/assets/console.")).unwrap();
    let css = css.split('"').next().unwrap().to_owned();
    let none = "/w/acme/sync-events/sync_01h455vb4pex5vsknk084sn02q";
    for path in [
        "/sign-in",
        LIST,
        none,
        &css,
        "/assets/none.css",
        "/w/acme/sync-events?odd=1",
        "/w/x/sync-events",
    ] {
        let answer = ada.open(path);
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{path}"));
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let kept = answer.header("cache-control").unwrap();
        assert_eq!(kept.contains("immutable"), path == css, "{path}: {kept}");
        assert!(kept.contains("immutable") || kept == "no-store", "{path}: {kept}");
    }
    let weight: usize = page
        .split(['"'])
        .filter(|part| part.starts_with("/assets/"))
        .map(|path| ada.page(path).len())
        .sum();
    assert!(page.len() + weight < 150 * 1024, "{} bytes", page.len() + weight);
}

#[tokio::test]
async fn what_a_reader_chose_holds_on_the_next_page() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let page = ada.page(LIST);
    assert!(page.contains("<html lang=\"en\">") && page.contains("aria-pressed=\"true\""));
    let answer = ada.submit(&page, "/theme", &[("theme", "dark"), ("next", LIST)]);
    assert_eq!(answer.header("location"), Some(LIST));
    ada.submit(&page, "/live", &[("live", "off"), ("next", LIST)]);
    let page = ada.page(LIST);
    assert!(
        page.contains("data-theme=\"dark\"") && page.contains("aria-pressed=\"false\""),
        "{page}"
    );
    assert!(!page.contains("sse-connect"));
}
