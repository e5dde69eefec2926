//! What a person can get wrong, and what the command line says about it.

use crate::yard::{Ran, Yard};

const FAILED: i32 = 1;
const NOT_FOUND: i32 = 2;
const USAGE: i32 = 64;

#[track_caller]
fn refused(ran: &Ran, code: i32, says: &str) {
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.stderr.contains(says), "{ran:?}");
    assert!(ran.stdout.is_empty(), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
}

#[tokio::test]
async fn arguments_that_are_no_names_are_refused_before_anything_is_done() {
    let yard = Yard::new().await;
    let add_target = [
        "connector",
        "target",
        "add",
        "--instance",
        "inst_01h455vb4pex5vsknk084sn02q",
        "--repository-id",
        "9",
    ];
    let target = "tgt_01h455vb4pex5vsknk084sn02q";
    for (arguments, says) in [
        (vec!["workspace", "create", "Acme Inc", "--name", "Acme"], "is not a slug"),
        (
            vec!["workspace", "create", "acme", "--name", "Acme", "--plan", "gold"],
            "known are: free, starter, professional",
        ),
        (
            vec!["source", "create", "--provider", "gitlab", "--slug", "x", "--secret-stdin"],
            "known are: github, linear",
        ),
        (vec!["source", "create", "--provider", "github", "--slug", "x"], "--secret-stdin"),
        (vec!["sync-events", "show", "evt_01h455vb4pex5vsknk084sn02q"], "is not a sync event id"),
        (vec!["events", "list", "--since", "yesterday"], "write a time such as"),
        (vec!["events", "list", "--limit", "101"], "101 is not in 1..=100"),
        (
            [&add_target[..], &["--repository", "octo", "--branch", "main"]].concat(),
            "write owner/name",
        ),
        (
            vec![
                "connector",
                "mapping",
                "add",
                "--target",
                target,
                "--selector",
                "skills/[a",
                "--object-type",
                "skill",
            ],
            "the selector does not parse",
        ),
        (
            vec![
                "connector",
                "mapping",
                "add",
                "--target",
                target,
                "--selector",
                "a/**",
                "--object-type",
                "spell",
            ],
            "known are: skill, agent, command, hook, mcp, file",
        ),
    ] {
        refused(&yard.run(&arguments), USAGE, says);
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let yard = Yard::new().await;
    for (arguments, says) in [
        (vec!["workspace", "show", "nowhere"], "there is no workspace nowhere"),
        (vec!["source", "list", "--workspace", "nowhere"], "there is no workspace nowhere"),
        (vec!["events", "show", "evt_01h455vb4pex5vsknk084sn02q"], "there is no event evt_"),
        (vec!["events", "replay", "evt_01h455vb4pex5vsknk084sn02q"], "there is no event evt_"),
        (
            vec!["sync-events", "retry", "sync_01h455vb4pex5vsknk084sn02q"],
            "there is no sync event sync_",
        ),
        (
            vec!["connector", "target", "resync", "tgt_01h455vb4pex5vsknk084sn02q"],
            "there is no connector target tgt_",
        ),
        (
            vec!["dead-letters", "drop", "dead_01h455vb4pex5vsknk084sn02q"],
            "there is no dead letter dead_",
        ),
        (
            vec!["config-objects", "show", "obj_01h455vb4pex5vsknk084sn02q"],
            "there is no config object obj_",
        ),
        (vec!["github", "app", "show"], "hookyard-admin github app set"),
    ] {
        refused(&yard.run(&arguments), NOT_FOUND, says);
    }
}

#[tokio::test]
async fn what_exists_already_is_refused_with_what_to_do_instead() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let source = ["source", "create", "--provider", "github", "--slug", "github", "--secret-stdin"];
    assert_eq!(yard.run_with(&source, "s3cret").code, 0);
    refused(&yard.run_with(&source, "s3cret"), FAILED, "hookyard-admin source rotate src_");
    refused(
        &yard.run(&["workspace", "create", "acme", "--name", "Again"]),
        FAILED,
        "choose another slug",
    );
    let account = [
        "connector",
        "account",
        "add",
        "--workspace",
        "acme",
        "--installation-id",
        "7",
        "--login",
        "octo",
    ];
    refused(&yard.run(&account), FAILED, "has the installation 7 already");
    let instance =
        ["connector", "instance", "add", "--account", &tracked.account, "--name", "Skills"];
    refused(&yard.run(&instance), FAILED, "choose another name");
    let target = [
        "connector",
        "target",
        "add",
        "--instance",
        &tracked.instance,
        "--repository",
        "octo/skills",
        "--repository-id",
        "9",
        "--branch",
        "main",
    ];
    refused(&yard.run(&target), FAILED, "tracks main of octo/skills already");
    let mapping = [
        "connector",
        "mapping",
        "add",
        "--target",
        &tracked.target,
        "--selector",
        "a/**",
        "--object-type",
        "skill",
    ];
    assert_eq!(yard.run(&mapping).code, 0);
    refused(&yard.run(&mapping), FAILED, "has the selector a/** already");
    assert_eq!(yard.json(&["connector", "target", "show", &tracked.target])["mappingRevision"], 1);
}

#[tokio::test]
async fn a_secret_that_is_none_is_refused() {
    let yard = Yard::new().await;
    let create = ["source", "create", "--provider", "github", "--slug", "github", "--secret-stdin"];
    refused(&yard.run_with(&create, ""), USAGE, "the secret is empty");
    refused(&yard.run_with(&create, "\n"), USAGE, "the secret is empty");
    refused(&yard.run_with(&create, &"x".repeat(1025)), USAGE, "longer than 1024 bytes");
    assert_eq!(yard.run_with(&create, &format!("{}\n", "x".repeat(1024))).code, 0);
}

#[tokio::test]
async fn a_file_that_holds_no_key_is_refused() {
    let yard = Yard::new().await;
    let dir = tempfile::tempdir().unwrap();
    let set = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        yard.run(&[
            "github",
            "app",
            "set",
            "--app-id",
            "1",
            "--private-key-file",
            path.to_str().unwrap(),
        ])
    };
    refused(&set("empty.pem", b""), USAGE, "no RSA private key");
    refused(&set("text.pem", b"hello"), USAGE, "no RSA private key");
    let broken =
        b"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n";
    refused(&set("broken.pem", broken), USAGE, "no RSA private key");
    refused(&set("binary.pem", &[0xff; 64]), USAGE, "it is not text");
    refused(&set("large.pem", &vec![b'x'; 70_000]), USAGE, "too large");
    let missing =
        ["github", "app", "set", "--app-id", "1", "--private-key-file", "/nonexistent.pem"];
    refused(&yard.run(&missing), FAILED, "/nonexistent.pem could not be read");
}

#[tokio::test]
async fn a_missing_or_wrong_setting_names_its_variable_and_not_its_value() {
    let yard = Yard::new().await;
    let run = |variable: &str, value: &str, arguments: &[&str]| {
        let mut command = yard.command(arguments);
        if value.is_empty() {
            command.env_remove(variable)
        } else {
            command.env(variable, value)
        };
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(USAGE), "{stderr}");
        assert!(stderr.contains(variable) && !stderr.contains("hunter2"), "{stderr}");
    };
    let create = ["source", "create", "--provider", "github", "--slug", "x", "--secret-stdin"];
    run("HOOKYARD_DATABASE_URL", "", &["workspace", "list"]);
    run("HOOKYARD_DATABASE_URL", "postgres//hunter2", &["workspace", "list"]);
    run("HOOKYARD_SOURCE_KEYS", "", &create);
    run("HOOKYARD_SOURCE_KEYS", "hunter2", &create);
    run("HOOKYARD_VAULT_KEYS", "k:hunter2", &["vault", "reseal"]);
}

#[tokio::test]
async fn a_database_that_was_never_migrated_or_does_not_answer_is_told() {
    let yard = Yard::new().await;
    yard.execute("drop table refinery_schema_history").await;
    refused(&yard.run(&["workspace", "list"]), FAILED, "run `hookyard-admin migrate`");
    let away = [
        "workspace",
        "list",
        "--database-url",
        "postgres://hookyard_admin:hunter2@127.0.0.1:1/hookyard",
    ];
    let ran = yard.run(&away);
    refused(&ran, FAILED, "PostgreSQL is unavailable");
    assert!(!ran.stderr.contains("hunter2"));
}

#[tokio::test]
async fn a_value_that_is_none_of_several_is_answered_with_those_that_are() {
    let yard = Yard::new().await;
    let source = "src_01h455vb4pex5vsknk084sn02q";
    let rotate = ["source", "rotate", source, "--secret-stdin", "--keep-old-for"];
    let limit = "an old secret is kept for 30 days (720h) at most";
    for (keep, says) in [
        ("90d", limit),
        ("31d", limit),
        ("721h", limit),
        ("1h ago", "not negative"),
        ("soon", "write a span of time, such as 24h"),
    ] {
        refused(&yard.run(&[&rotate[..], &[keep]].concat()), USAGE, says);
    }
    // It is understood: there is no such source.
    let longest = yard.run_with(&[&rotate[..], &["30d"]].concat(), "secret");
    refused(&longest, NOT_FOUND, "there is no source");

    let add = ["subscription", "add", "--connection", "conn_01h455vb4pex5vsknk084sn02q"];
    let add = [&add[..], &["--event-type", "*", "--retry", "nope"]].concat();
    refused(&yard.run(&add), USAGE, "write default, persistent, or JSON such as");

    let scope = ["token", "create", "--workspace", "acme", "--scope"];
    for scope in [[&scope[..], &["nope"]].concat(), [&scope[..], &["operator"]].concat()] {
        let ran = yard.run(&scope);
        refused(&ran, USAGE, "known are: events:write");
        assert!(!ran.stderr.contains("events:write, operator"), "{ran:?}");
    }

    let mut command = yard.command(&["workspace", "list"]);
    let ran = Ran::of(command.env("HOOKYARD_DATABASE_URL", "").output().unwrap());
    refused(&ran, USAGE, "HOOKYARD_DATABASE_URL");
}
