//! What makes a terminal comfortable: watched lists, completions.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::yard::{Ran, Yard};

#[tokio::test]
async fn a_watched_list_is_printed_again_when_it_has_changed_until_it_is_interrupted() {
    let yard = Yard::new().await;
    yard.id(&["workspace", "create", "first", "--name", "First"]);
    let mut command = yard.command(&["workspace", "list", "--watch"]);
    let mut watching = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("SLUG"));
    assert!(lines.next().unwrap().starts_with("first"));

    yard.id(&["workspace", "create", "second", "--name", "Second"]);

    assert!(lines.next().unwrap().starts_with("SLUG"), "the unchanged list is not printed again");
    assert!(lines.next().unwrap().starts_with("second"));
    assert!(lines.next().unwrap().starts_with("first"));
    kill(Pid::from_raw(i32::try_from(watching.id()).unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    assert_eq!(lines.next(), None);
}

#[tokio::test]
async fn a_watch_that_cannot_begin_fails_as_the_list_does() {
    let yard = Yard::new().await;
    let list = yard.run(&["sync-events", "list", "--workspace", "nobody"]);
    let watch = yard.run(&["sync-events", "list", "--workspace", "nobody", "--watch"]);
    assert_eq!(list.code, 2, "{list:?}");
    assert_eq!((watch.code, watch.stderr), (list.code, list.stderr));
}

#[test]
fn a_shell_learns_the_commands_without_any_setting() {
    let completions = |shell: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookyard-admin"));
        Ran::of(command.args(["completions", shell]).env_clear().output().unwrap())
    };
    for shell in ["bash", "zsh", "fish"] {
        let ran = completions(shell);
        assert!(ran.code == 0 && ran.stdout.contains("sync-events"), "{shell}: {ran:?}");
    }
    assert_eq!(completions("cobol").code, 64);

    let script = tempfile::NamedTempFile::new().unwrap();
    let text = format!("{}\ncomplete -p hookyard-admin\n", completions("bash").stdout);
    std::fs::write(script.path(), text).unwrap();
    let bash = Ran::of(Command::new("bash").arg(script.path()).output().unwrap());
    assert!(bash.code == 0 && bash.stdout.starts_with("complete"), "{bash:?}");
}
