//! `completions`.

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::shells;
use serde_json::json;

use crate::Cli;
use crate::output::Answer;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CompletionsArgs {
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    /// source <(hookyard-admin completions bash)
    Bash,
    /// hookyard-admin completions zsh > "${fpath[1]}/_hookyard-admin"
    Zsh,
    /// hookyard-admin completions fish > ~/.config/fish/completions/hookyard-admin.fish
    Fish,
}

pub(crate) fn run(args: CompletionsArgs) -> anyhow::Result<Answer> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    match args.shell {
        Shell::Bash => clap_complete::generate(shells::Bash, &mut command, name, &mut script),
        Shell::Zsh => clap_complete::generate(shells::Zsh, &mut command, name, &mut script),
        Shell::Fish => clap_complete::generate(shells::Fish, &mut command, name, &mut script),
    }
    let script = String::from_utf8(script)?;
    Answer::new(&json!({ "script": script }), script)
}
