//! A small repository as a team that shares skills, agents and commands would keep it.

use std::path::Path;

use anyhow::Result;

use crate::repository::{Change, Repository};

const FULL_NAME: &str = "demo/assistant-kit";
const MAPPED_FOLDERS: [&str; 3] = ["skills/", "agents/", "commands/"];

const FIRST: &[Change<'static>] = &[
    Change {
        path: "README.md",
        content: "# Assistant kit\n\nSkills, agents and commands that our teams share.\n",
    },
    Change {
        path: ".mcp.json",
        content: "{\n  \"mcpServers\": {\n    \"tickets\": { \"command\": \"tickets-mcp\", \"args\": [\"--read-only\"] }\n  }\n}\n",
    },
    Change {
        path: "skills/code-review/SKILL.md",
        content: "---\nname: code-review\ndescription: Reviews a change for bugs, risky edges and missing tests.\n---\n\n\
                  # Code review\n\nRead the whole change before the first remark. Name the line, the risk and a way out.\n",
    },
    Change {
        path: "skills/release-notes/SKILL.md",
        content: "---\nname: release-notes\ndescription: Turns merged changes into notes that users understand.\n---\n\n\
                  # Release notes\n\nGroup by what a user can now do. Leave out what only we can see.\n",
    },
];

const SECOND: &[Change<'static>] = &[
    Change {
        path: "agents/triage.md",
        content: "---\nname: triage\ndescription: Sorts new reports by urgency and owner.\n---\n\n\
                  Ask for the smallest steps that show the problem. Never close a report alone.\n",
    },
    Change {
        path: "agents/researcher.md",
        content: "---\nname: researcher\ndescription: Answers questions from our own documents first.\n---\n\n\
                  Quote the document and its date. Say so when nothing was found.\n",
    },
    Change {
        path: "commands/standup.md",
        content: "---\nname: standup\ndescription: Yesterday, today, in the way.\n---\n\nThree lines, no more.\n",
    },
];

const THIRD: &[Change<'static>] = &[
    Change {
        path: "skills/sql-tuning/SKILL.md",
        content: "---\nname: sql-tuning\ndescription: Finds out why a query is slow.\n---\n\n\
                  # SQL tuning\n\nMeasure, read the plan, change one thing, measure again.\n",
    },
    Change {
        path: "commands/changelog.md",
        content: "---\nname: changelog\ndescription: Adds an entry to the changelog.\n---\n\nOne sentence, present tense.\n",
    },
];

/// What the demo adds to a repository that has no file to change.
pub(super) const NEW_SKILL: Change<'static> = Change {
    path: "skills/hello-hookyard/SKILL.md",
    content: "---\nname: hello-hookyard\ndescription: Says hello.\n---\n\n# Hello\n\nSay hello to whoever asks.\n",
};

/// The repository, with a commit for each step of its history.
pub(crate) async fn create(path: &Path) -> Result<Repository> {
    let repository = Repository::create(path, FULL_NAME).await?;
    let history = [
        ("First skills: code review and release notes", FIRST),
        ("Agents for triage and research, a command for the standup", SECOND),
        ("SQL tuning and the changelog command", THIRD),
    ];
    for (message, changes) in history {
        let commit = repository.commit(message, changes).await?;
        repository.advance(&commit).await?;
    }
    Ok(repository)
}

/// Whether the demo target's mappings select the file and its kind takes it: Markdown below a mapped folder.
pub(super) fn is_mapped(path: &str) -> bool {
    let markdown = Path::new(path).extension().is_some_and(|extension| extension == "md");
    markdown && MAPPED_FOLDERS.iter().any(|folder| path.starts_with(folder))
}
