//! Members, teams and tokens as an admin meets them, and the log of what was done.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, text};

const PEOPLE: &str = "/w/acme/members";
/// What would run if any page took a name or a reason for markup.
const HOSTILE: &str = "\"><script>alert(1)</script>";

/// The text of the one element with this label that is shown once.
fn shown_once(page: &str, label: &str) -> String {
    let rest = page.split(&format!("aria-label=\"{label}\"")).nth(1).expect(label);
    let rest = rest.split("<code>").nth(1).unwrap();
    rest.split("</code>").next().unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_member_is_added_gets_in_by_a_link_changes_role_and_is_removed() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);

    let form = ada.page("/w/acme/members/add");
    let add = "/w/acme/members/add";
    let taken = ada.submit(&form, add, &[("name", "ADA"), ("role", "member")]);
    assert_eq!(taken.status, 422, "{taken:?}");
    assert!(taken.body.contains("already") && taken.body.contains("value=\"ADA\""), "{taken:?}");
    // Everything that is wrong is said at once, each beside its field.
    let long = "x".repeat(501);
    let wrong = ada.submit(&form, add, &[("name", " "), ("role", "boss"), ("reason", &long)]);
    assert_eq!(wrong.status, 422, "{wrong:?}");
    for field in ["name", "role", "reason"] {
        assert!(wrong.body.contains(&format!("field-{field}-error")), "{field} in {wrong:?}");
    }
    let made = ada.submit(&form, add, &[("name", "bob"), ("role", "member"), ("reason", "hired")]);
    assert_eq!(made.status, 303, "{made:?}");
    let bob = made.header("location").unwrap().to_owned();
    let page = ada.page(&bob);
    assert!(page.contains("Added."), "{page}");

    let linked = ada.submit(&page, &format!("{bob}/sign-in-link"), &[]);
    assert_eq!(linked.status, 200, "{linked:?}");
    let link = shown_once(&linked.body, "Sign-in link");
    assert!(!ada.page(&bob).contains(&link));
    let mut browser = Reader::new(&served);
    assert_eq!(browser.send(&link, &[], "").status, 303);
    assert_eq!(browser.open(PEOPLE).status, 403);

    let changed = ada.submit(&page, &format!("{bob}/role"), &[("role", "admin")]);
    assert_eq!((changed.status, changed.header("location")), (303, Some(bob.as_str())));
    // The session that is open already has the new role, and its member was seen today.
    let list = browser.page(PEOPLE);
    assert!(list.contains("today"), "{list}");

    let confirm = ada.page(&format!("{bob}/remove"));
    assert!(confirm.contains("goes with every token") && confirm.contains("bob"), "{confirm}");
    assert_eq!(ada.submit(&confirm, &format!("{bob}/remove"), &[]).status, 303);
    assert!(!ada.page(PEOPLE).contains("bob"));
    assert_eq!(browser.open(PEOPLE).status, 303);
    // The last owner stays.
    let own = ada.page(PEOPLE);
    let own = own.split("class=\"rowlink\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let confirm = ada.page(&format!("{own}/remove"));
    let refused = ada.submit(&confirm, &format!("{own}/remove"), &[]);
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body.contains("at least one owner"), "{refused:?}");
}

#[tokio::test]
async fn an_admin_does_nothing_to_an_owner() {
    let yard = Yard::new().await;
    yard.workspace();
    let (owner, owners) = yard.member("ada", "owner");
    let (own, token) = yard.member("bob", "admin");
    let served = Served::start(&yard);
    let mut bob = Reader::signed_in(&served, &token);
    let page = bob.page(&format!("{PEOPLE}/{owner}"));
    for verb in ["sign-in-link", "remove", "role"] {
        assert!(!page.contains(&format!("/{verb}\"")), "{verb} in {page}");
    }
    assert!(!bob.page("/w/acme/members/add").contains("value=\"owner\""));
    let form = bob.page(&format!("/w/acme/tokens/create?member={owner}"));
    assert!(!form.contains(&format!("<option value=\"{owner}\"")), "{form}");
    // Whoever makes the forms up gets no further.
    let csrf = crate::reader::csrf(&page).to_owned();
    let post = |reader: &mut Reader<'_>, path: &str, fields: &[(&str, &str)]| {
        let fields = [&[("csrf", csrf.as_str())], fields].concat();
        reader.send(path, &fields, "sec-fetch-site: same-origin\r\n").status
    };
    assert_eq!(post(&mut bob, &format!("{PEOPLE}/{owner}/sign-in-link"), &[]), 403);
    assert_eq!(post(&mut bob, &format!("{PEOPLE}/{owner}/remove"), &[]), 403);
    assert_eq!(post(&mut bob, &format!("{PEOPLE}/{own}/role"), &[("role", "owner")]), 403);
    let new = [("name", "eve"), ("role", "owner")];
    assert_eq!(post(&mut bob, "/w/acme/members/add", &new), 422);
    let new = [("owner", owner.as_str()), ("name", "x"), ("scope", ""), ("expires", "30")];
    assert_eq!(post(&mut bob, "/w/acme/tokens/create", &new), 422);
    let tokens = yard.json(&["token", "list", "--workspace", "acme"]);
    let theirs = crate::yard::items(&tokens).iter().find(|it| it["memberId"] == owner).unwrap();
    let revoke = format!("/w/acme/tokens/{}/revoke", text(theirs, "id"));
    assert_eq!((bob.open(&revoke).status, post(&mut bob, &revoke, &[])), (403, 403));
    assert_eq!(Reader::signed_in(&served, &owners).open(PEOPLE).status, 200);
}

#[tokio::test]
async fn a_team_is_made_filled_emptied_and_removed() {
    let yard = Yard::new().await;
    yard.workspace();
    let (member, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let form = ada.page("/w/acme/teams/create");
    let made = ada.submit(&form, "/w/acme/teams/create", &[("name", "docs")]);
    let team = made.header("location").unwrap().to_owned();
    let page = ada.page(&team);
    assert_eq!(ada.submit(&page, &format!("{team}/add"), &[("member", &member)]).status, 303);
    let page = ada.page(&team);
    assert!(page.contains("A team of <b>1 member</b>"), "{page}");
    assert!(ada.page(&format!("{PEOPLE}/{member}")).contains("docs"));
    assert!(ada.page(PEOPLE).contains("docs"));
    let out = ada.submit(&page, &format!("{team}/members/{member}/remove"), &[]);
    assert_eq!((out.status, out.header("location")), (303, Some(team.as_str())));
    let confirm = ada.page(&format!("{team}/remove"));
    assert_eq!(ada.submit(&confirm, &format!("{team}/remove"), &[]).status, 303);
    assert_eq!(ada.open(&team).status, 404);
}

#[tokio::test]
async fn a_token_is_shown_once_and_opens_nothing_after_it_was_revoked() {
    let yard = Yard::new().await;
    yard.workspace();
    let (member, token) = yard.member("ada", "owner");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let create = "/w/acme/tokens/create";
    let form = ada.page(&format!("{create}?member={member}"));
    let fields = [("owner", member.as_str()), ("name", "laptop"), ("scope", ""), ("expires", "30")];
    let made = ada.submit(&form, create, &fields);
    assert_eq!(made.status, 200, "{made:?}");
    let shown = shown_once(&made.body, "Token");
    assert!(shown.starts_with("hky_"), "{shown}");
    assert_eq!(served.get("/v1/me", &shown).json()["item"]["memberId"], member.as_str());
    let wrong = [("owner", "application"), ("name", ""), ("scope", "operator"), ("expires", "x")];
    assert_eq!(ada.submit(&form, create, &wrong).status, 422);
    let wrong = [("owner", "application"), ("name", "x"), ("scope", "operator"), ("expires", "7")];
    assert_eq!(ada.submit(&form, create, &wrong).status, 422);

    let list = ada.page(PEOPLE);
    assert!(!list.contains(&shown) && list.contains(&shown[..10]), "{list}");
    let row = list.split("<tr ").find(|row| row.contains("laptop")).unwrap();
    assert!(row.contains("today"), "{row}");
    let revoke = row.split("href=\"").find(|part| part.contains("/revoke\"")).unwrap();
    let revoke = revoke.split('"').next().unwrap();
    let confirm = ada.page(revoke);
    assert_eq!(ada.submit(&confirm, revoke, &[("reason", "lost")]).status, 303);
    assert_eq!(served.get("/v1/me", &shown).status, 401);
    let log = ada.page("/w/acme/audit-log?action=token.revoke");
    assert!(log.contains("lost") && !log.contains("member.add"), "{log}");
}

#[tokio::test]
async fn no_name_and_no_reason_becomes_markup_anywhere() {
    let yard = Yard::new().await;
    yard.workspace();
    let (_, token) = yard.member(HOSTILE, "owner");
    let served = Served::start(&yard);
    let mut eve = Reader::signed_in(&served, &token);
    let form = eve.page("/w/acme/members/add");
    let name = format!("{HOSTILE}2");
    let fields = [("name", name.as_str()), ("role", "admin"), ("reason", HOSTILE)];
    let member = eve.submit(&form, "/w/acme/members/add", &fields);
    let member = member.header("location").unwrap().to_owned();
    let form = eve.page("/w/acme/teams/create");
    let team = eve.submit(&form, "/w/acme/teams/create", &[("name", HOSTILE), ("reason", HOSTILE)]);
    let team = team.header("location").unwrap().to_owned();
    let form = eve.page("/w/acme/tokens/create");
    let fields =
        [("owner", "application"), ("name", HOSTILE), ("scope", "events:write"), ("expires", "7")];
    let made = eve.submit(&form, "/w/acme/tokens/create", &fields).body;
    let mut pages = vec![made];
    for path in [
        PEOPLE,
        &member,
        &format!("{member}/remove"),
        &team,
        &format!("{team}/remove"),
        "/w/acme/tokens/create",
        "/w/acme/audit-log",
        "/w/acme/audit-log?actor=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        pages.push(eve.page(path));
    }
    for page in pages {
        assert!(!page.contains("<script>alert"), "{page}");
    }
}
