//! Secrets go in and never come out.

use hookyard_store::Db as _;
use hookyard_testkit::github_sim::{GithubSim, GithubSimConfig};
use hookyard_vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};

use crate::yard::{Yard, text};

const FIRST: &str = "plantedFirstSecret0123456789";
const SECOND: &str = "plantedSecondSecret0123456789";

/// Whether any column of any table holds the text, as it is or as bytes.
pub(crate) async fn is_stored(yard: &Yard, secret: &str) -> bool {
    const HEX: &str = "select set_config('xmlbinary', 'hex', false)";
    const SEARCH: &str = "
        select position($1 in everything) > 0
               or position(encode(convert_to($1, 'UTF8'), 'hex') in lower(everything)) > 0 as found
          from (select schema_to_xml('public', true, false, '')::text as everything) dump";
    let conn = yard.owner().await;
    conn.row(HEX, &[]).await.unwrap();
    conn.row(SEARCH, &[&secret]).await.unwrap().get("found")
}

#[tokio::test]
async fn a_planted_secret_is_in_no_output_and_in_no_column() {
    let yard = Yard::new().await;
    let dir = tempfile::tempdir().unwrap();
    let github = GithubSim::start(GithubSimConfig::default()).await.unwrap();
    let file = dir.path().join("key.pem");
    std::fs::write(&file, github.app_key_pem()).unwrap();
    let pem_line = github.app_key_pem().lines().nth(3).unwrap().to_owned();

    let create = [
        "source",
        "create",
        "--provider",
        "github",
        "--slug",
        "github",
        "--secret-stdin",
        "--json",
    ];
    let created = yard.run_with(&create, FIRST);
    let id = text(&created.json(), "id");
    let wrong = yard.run_with(&create, SECOND);
    let rotated =
        yard.run_with(&["source", "rotate", &id, "--secret-stdin", "--reason", "leaked"], SECOND);
    let set = yard.run(&[
        "github",
        "app",
        "set",
        "--app-id",
        "7",
        "--private-key-file",
        file.to_str().unwrap(),
    ]);
    assert_eq!((created.code, rotated.code, set.code), (0, 0, 0), "{rotated:?} {set:?}");

    let mut outputs = vec![created, wrong, rotated, set];
    for arguments in [
        &["source", "list"][..],
        &["source", "show", &id, "--json"],
        &["github", "app", "show", "--json"],
        &["audit", "list", "--json"],
        &["vault", "reseal", "--log", "debug"],
        &["doctor"],
        &["source", "rotate", "--help"],
    ] {
        outputs.push(yard.run(arguments));
    }
    let keys = [&yard.source_keys, &yard.vault_keys].map(|ring| {
        let (_, key) = ring.expose_secret().split_once(':').unwrap();
        key.to_owned()
    });
    for secret in [FIRST, SECOND, &pem_line, &keys[0], &keys[1]] {
        for output in &outputs {
            assert!(
                !output.stdout.contains(secret) && !output.stderr.contains(secret),
                "{output:?}"
            );
        }
        assert!(!is_stored(&yard, secret).await, "{secret} is stored in the clear");
    }
    assert!(is_stored(&yard, "leaked").await, "the search finds what is there");
}

#[tokio::test]
async fn resealing_lets_an_old_key_go() {
    let mut yard = Yard::new().await;
    let create = ["source", "create", "--provider", "github", "--slug", "github", "--secret-stdin"];
    assert_eq!(yard.run_with(&create, FIRST).code, 0);
    let old = yard.source_keys.clone();
    let new = KeyRing::generate();
    yard.source_keys =
        SecretString::from(format!("{},{}", new.expose_secret(), old.expose_secret()));
    let done = yard.json(&["vault", "reseal"]);
    assert_eq!((&done["resealed"], &done["current"]), (&1.into(), &0.into()));
    assert_eq!(yard.json(&["vault", "reseal"])["resealed"], 0);

    // With the old key alone, nothing opens any more.
    yard.source_keys = old;
    let stuck = yard.run(&["vault", "reseal"]);
    assert!(
        stuck.code == 1 && stuck.stderr.contains("which the key ring does not hold"),
        "{stuck:?}"
    );
}
