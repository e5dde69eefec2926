//! Tokens of applications.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::secrets::is_stored;
use crate::yard::{Yard, items, text};

const CREATE: [&str; 6] = ["token", "create", "--workspace", "acme", "--scope", "events:write"];

#[tokio::test]
async fn a_token_is_shown_once_and_only_its_hash_is_stored() {
    let yard = Yard::new().await;
    yard.workspace();
    let made = yard.json(&[&CREATE[..], &["--name", "shop"]].concat());
    let token = text(&made, "token");
    // 32 bytes in 43 characters.
    assert!(token.starts_with("hky_") && token.len() == 47, "{token}");
    assert_eq!((&made["scopes"], &made["expiresAt"]), (&json!(["events:write"]), &json!(null)));
    assert!(!is_stored(&yard, &token).await);
    let hash = hex::encode_upper(Sha256::digest(token.as_bytes()));
    assert!(is_stored(&yard, &hash).await);

    let listed = yard.json(&["token", "list", "--workspace", "acme"]);
    let only = &items(&listed)[0];
    assert_eq!((text(only, "id"), text(only, "name")), (text(&made, "id"), "shop".to_owned()));
    assert!(token.starts_with(&text(only, "prefix")) && only.get("token").is_none(), "{only}");
    assert!(!yard.json(&["audit", "list"]).to_string().contains(&token));
}

#[tokio::test]
async fn a_token_ends_when_it_is_revoked_or_after_its_days() {
    let yard = Yard::new().await;
    yard.workspace();
    let id = text(&yard.json(&[&CREATE[..], &["--expires-days", "30"]].concat()), "id");
    let days =
        "select round(extract(epoch from expires_at - created_at) / 86400)::int8 as n from token";
    assert_eq!(yard.number(days).await, 30);

    let revoked = yard.json(&["token", "revoke", &id, "--reason", "leaked"]);
    assert!(revoked["revokedAt"].is_string(), "{revoked}");
    let again = yard.json(&["token", "revoke", &id]);
    assert_eq!(again["revokedAt"], revoked["revokedAt"]);
    let lines = yard.json(&["audit", "list"]);
    let actions: Vec<String> = items(&lines).iter().map(|it| text(it, "action")).collect();
    assert_eq!(actions, ["token.revoke", "token.create", "workspace.create"]);
    assert_eq!(text(&items(&lines)[0], "reason"), "leaked");
}

#[tokio::test]
async fn what_is_no_scope_no_workspace_or_no_name_makes_no_token() {
    let yard = Yard::new().await;
    yard.workspace();
    for (arguments, code) in [
        (vec!["token", "create", "--workspace", "acme"], 64),
        (vec!["token", "create", "--workspace", "acme", "--scope", "events:read"], 64),
        (vec!["token", "create", "--workspace", "else", "--scope", "events:write"], 2),
        ([&CREATE[..], &["--name", "a\nb"]].concat(), 64),
        ([&CREATE[..], &["--expires-days", "0"]].concat(), 64),
        (vec!["token", "revoke", "tok_01h455vb4pex5vsknk084sn02q"], 2),
    ] {
        let ran = yard.run(&arguments);
        assert_eq!(ran.code, code, "{ran:?}");
    }
    assert_eq!(yard.number("select count(*) as n from token").await, 0);
}
