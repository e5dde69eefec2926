//! Every page of the rail, and what its buttons do.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, text};

/// The addresses that the rail of a page leads to.
fn rail(page: &str) -> Vec<String> {
    let nav = page.split("<nav class=\"nav\"").nth(1).unwrap().split("</nav>").next().unwrap();
    nav.split("href=\"").skip(1).map(|part| part.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_place_of_the_rail_opens_and_says_where_it_is() {
    let yard = Yard::new().await;
    let target = yard.tracked().target;
    yard.id(&["connector", "target", "resync", &target]);
    let (_, token) = yard.member("ada", "owner");
    let (_, plain) = yard.member("bob", "member");
    let served = Served::start(&yard);
    for (token, places) in [(&token, 12), (&plain, 6)] {
        let mut reader = Reader::signed_in(&served, token);
        let home = reader.open("/").header("location").unwrap().to_owned();
        assert_eq!(home, "/w/acme/overview");
        let rail = rail(&reader.page(&home));
        assert_eq!(rail.len(), places, "{rail:?}");
        for path in rail {
            let page = reader.page(&path);
            assert_eq!(page.matches("aria-current=\"page\"").count(), 1, "{path}");
            assert_eq!(page.matches("<h1").count(), 1, "{path}");
            assert!(page.len() < 60 * 1024, "{path}: {}", page.len());
        }
    }
    let mut bob = Reader::signed_in(&served, &plain);
    assert_eq!(bob.open("/w/acme/audit-log").status, 403);
    let mut ada = Reader::signed_in(&served, &token);
    let id = text(&items(&yard.json(&["sync-events", "list"]))[0], "id");
    let found = ada.open(&format!("/w/acme/search?q={id}"));
    assert_eq!(found.header("location"), Some(&*format!("/w/acme/sync-events/{id}")));
    let found = ada.open("/w/acme/search?q=octo/skills");
    assert_eq!(found.header("location"), Some("/w/acme/sync-events?q=octo%2Fskills"));
}
