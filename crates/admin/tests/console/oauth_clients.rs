//! OAuth clients: added, granted access, and removed with their name typed.

use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, receiver};

const ADD: &str = "/w/acme/oauth-clients/add";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_added_granted_access_and_removed_and_its_secrets_are_never_shown() {
    let yard = Yard::new().await;
    yard.workspace();
    let receiver = receiver().await;
    let (_, token) = yard.member("ada", "admin");
    let (_, plain) = yard.member("bob", "member");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    assert!(ada.page("/w/acme/integrations").contains("/w/acme/oauth-clients"));
    assert!(ada.page("/w/acme/oauth-clients").contains("No application is told"));
    let page = ada.page(ADD);
    let url = receiver.url_of("/client?very-secret");
    let fields = [("name", "<i>App"), ("url", &*url), ("secret", "hush-hush")];
    let refused =
        ada.submit(&page, ADD, &[("name", "<i>App"), ("url", ""), ("secret", "hush-hush")]);
    assert_eq!(refused.status, 422);
    assert!(!refused.body.contains("hush-hush") && !refused.body.contains("<i>App"));
    let added = ada.submit(&page, ADD, &fields);
    assert_eq!(added.status, 303, "{added:?}");
    let one = added.header("location").unwrap().to_owned();
    let again = ada.submit(&page, ADD, &fields);
    assert_eq!(again.status, 422);
    assert!(again.body.contains("field-name-error"), "{again:?}");
    for path in [&*one, "/w/acme/oauth-clients"] {
        let page = ada.page(path);
        assert!(page.contains("&lt;i&gt;App"), "{path}");
        for part in ["very-secret", "hush-hush", "<i>App"] {
            assert!(!page.contains(part), "{part} on {path}");
        }
    }

    let page = ada.page(&one);
    let grant = format!("{one}/grant");
    for user in ["u-1", "\"><script>x"] {
        assert_eq!(ada.submit(&page, &grant, &[("user", user)]).status, 303, "{user}");
    }
    assert_eq!(ada.submit(&page, &grant, &[("user", "")]).status, 422);
    let page = ada.page(&one);
    assert!(page.contains("2 users grant") && page.contains("u-1") && !page.contains("<script>x"));
    assert_eq!(ada.submit(&page, &format!("{one}/revoke"), &[("user", "u-1")]).status, 303);
    let page = ada.page(&one);
    assert!(page.contains("1 user grants") && page.contains("Revoked"));

    let mut bob = Reader::signed_in(&served, &plain);
    for path in ["/w/acme/oauth-clients", ADD, &one] {
        assert_eq!(bob.open(path).status, 403, "{path}");
    }
    assert!(!bob.page("/w/acme/integrations").contains("OAuth clients"));

    let remove = format!("{one}/remove");
    let page = ada.page(&remove);
    assert!(page.contains("1 grant goes"));
    assert_eq!(ada.submit(&page, &remove, &[("name", "App")]).status, 422);
    assert_eq!(ada.submit(&page, &remove, &[("name", "<i>App")]).status, 303);
    assert_eq!(ada.open(&one).status, 404);
}
