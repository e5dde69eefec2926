//! What each role may not do, tried; and what it must.

use hookyard_domain::connection::Name;
use hookyard_domain::ids::TokenId;
use hookyard_domain::token::TokenScope;
use hookyard_store::Db as _;
use hookyard_store::ingest::open_token;
use hookyard_store::tokens::{self, NewToken};
use uuid::Uuid;

use crate::support::Yard;

async fn refused(yard: &Yard, role: &str, statements: &[&'static str]) {
    let conn = yard.role(role).await;
    for statement in statements {
        let error = conn.execute(statement, &[]).await.expect_err(statement);
        assert!(error.brief().contains("permission denied"), "{statement}: {error:?}");
    }
}

#[tokio::test]
async fn the_ingress_reads_neither_connections_nor_clients_nor_what_is_sent() {
    let yard = Yard::new().await;
    refused(
        &yard,
        "hookyard_ingress",
        &[
            "select id from connection",
            "select sealed from connection",
            "select sealed from oauth_client",
            "select user_id from oauth_grant",
            "select template from subscription",
            "select connection_id from subscription",
            "select prefix from token",
            "select state from delivery",
            "select response_excerpt from attempt",
            "insert into token (id) values (gen_random_uuid())",
            "insert into delivery (id) values (gen_random_uuid())",
            "select lane_leased('{}', '{}', 1)",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_worker_changes_no_credentials_and_reads_no_token() {
    let yard = Yard::new().await;
    refused(
        &yard,
        "hookyard_worker",
        &[
            "update connection set sealed = null",
            "update connection set concurrency_max = 1",
            "insert into connection (id) values (gen_random_uuid())",
            "update subscription set status = 'paused'",
            "update oauth_client set sealed = ''",
            "select hash from token",
            "update attempt set number = 2",
            "delete from delivery",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_ingress_knows_a_token_until_it_expires_or_is_revoked() {
    let yard = Yard::new().await;
    let admin = yard.role("hookyard_admin").await;
    let id = TokenId(Uuid::now_v7());
    let hash = [7; 32];
    let token = NewToken {
        id,
        workspace: Some(yard.workspace),
        member: None,
        name: &Name::default(),
        prefix: "hy_abc",
        hash: &hash,
        scopes: &[TokenScope::EventsWrite],
        expires_at: None,
    };
    tokens::insert(&admin, &token).await.unwrap();
    let ingress = yard.role("hookyard_ingress").await;
    let known = async |hash| open_token(&ingress, hash).await.unwrap();
    let found = known(&hash).await.unwrap();
    assert_eq!(
        (found.slug.as_str(), found.workspace, found.may_publish),
        ("acme", yard.workspace, true)
    );
    assert!(known(&[8; 32]).await.is_none());
    yard.run("update token set expires_at = now() - interval '1 second'").await;
    assert!(known(&hash).await.is_none());
    yard.run("update token set expires_at = null").await;
    assert!(tokens::revoke(&admin, id).await.unwrap());
    assert!(known(&hash).await.is_none());
    assert!(tokens::by_id(&admin, id).await.unwrap().unwrap().revoked_at.is_some());
}
