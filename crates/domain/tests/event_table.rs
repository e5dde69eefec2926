//! `docs/github-events.md` tells people what the code decides: every row of its tables is compared with it.

use hookyard_domain::github_event::{
    Changes, Disposition, Envelope, From, Ignored, Installation, Lifecycle, Repository, disposition,
};

const DOCUMENT: &str = include_str!("../../../docs/github-events.md");
/// An event, or an action, that no row names.
const UNNAMED: &str = "unheard_of";

/// The cells of the rows of the table whose header begins with this cell.
fn rows(first_header: &str) -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| -> Option<Vec<&'static str>> {
        let row = line.strip_prefix('|')?.strip_suffix('|')?;
        Some(row.split('|').map(str::trim).collect())
    };
    DOCUMENT
        .lines()
        .map(cells)
        .skip_while(|row| row.as_ref().is_none_or(|row| row[0] != first_header))
        .skip(2) // The header and the line below it.
        .map_while(|row| row)
        .collect()
}

/// The text between backticks, or none for a cell in words.
fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

fn complete() -> Envelope {
    Envelope {
        installation: Some(Installation { id: 3 }),
        repository: Some(Repository {
            id: 7,
            full_name: "octo/kit".to_owned(),
            default_branch: Some("trunk".to_owned()),
        }),
        git_ref: Some("refs/heads/main".to_owned()),
        before: Some("a".repeat(40)),
        after: Some("b".repeat(40)),
        ..Envelope::default()
    }
}

/// A body that is as the column `if` says, and complete otherwise.
fn envelope(condition: &str) -> Envelope {
    let whole = complete();
    match condition {
        "" | "a branch" | "no other default branch" => whole,
        "a deleted branch" => Envelope { after: Some("0".repeat(40)), ..whole },
        "a tag" => Envelope { git_ref: Some("refs/tags/v1".to_owned()), ..whole },
        "no `installation`" => Envelope { installation: None, ..whole },
        "no `repository`" => Envelope { repository: None, ..whole },
        "no `ref`" => Envelope { git_ref: None, ..whole },
        "no `after`" => Envelope { after: None, ..whole },
        "another default branch" => {
            let from = Some(From { from: "main".to_owned() });
            Envelope { changes: Changes { default_branch: from, ..Changes::default() }, ..whole }
        }
        unknown => panic!("the test does not know the condition {unknown:?}"),
    }
}

/// The words of the column `decision`.
fn decision(disposition: &Disposition) -> String {
    let change = match disposition {
        Disposition::Push(_) => return "sync".to_owned(),
        Disposition::Ignored(reason) => return format!("ignored: `{reason}`"),
        Disposition::Lifecycle { change, .. } => change,
    };
    let words = match change {
        Lifecycle::InstallationDeleted => "installation deleted",
        Lifecycle::InstallationSuspended => "installation suspended",
        Lifecycle::InstallationUnsuspended => "installation unsuspended",
        Lifecycle::RepositoriesAdded(_) => "repositories added",
        Lifecycle::RepositoriesRemoved(_) => "repositories removed",
        Lifecycle::RepositoryRenamed { .. } => "repository renamed",
        Lifecycle::RepositoryTransferred { .. } => "repository transferred",
        Lifecycle::RepositoryArchived { archived: true, .. } => "repository archived",
        Lifecycle::RepositoryArchived { archived: false, .. } => "repository unarchived",
        Lifecycle::RepositoryDeleted { .. } => "repository deleted",
        Lifecycle::DefaultBranchChanged { .. } => "default branch changed",
    };
    words.to_owned()
}

/// The column `answer`.
fn answer(disposition: &Disposition) -> String {
    match disposition {
        Disposition::Push(_) | Disposition::Lifecycle { .. } => "202".to_owned(),
        Disposition::Ignored(reason) => format!("200 `{}`", reason.answer()),
    }
}

#[test]
fn every_row_of_the_event_table_is_what_the_code_decides() {
    let rows = rows("event");
    assert!(rows.len() > 20, "the table was not found: {rows:?}");
    for row in &rows {
        let [event, action, condition, documented, answered, _] = row[..] else {
            panic!("a row has six cells: {row:?}");
        };
        let actions = match action {
            "none" => vec![None],
            "any" => vec![None, Some(UNNAMED), Some("deleted")],
            "any other" => vec![None, Some(UNNAMED)],
            named => vec![Some(code(named).expect("an action stands in backticks"))],
        };
        for action in actions {
            let action = action.map(str::to_owned);
            let body = Envelope { action, ..envelope(condition) };
            let decided = disposition(code(event).unwrap_or(UNNAMED), &body);
            assert_eq!(decision(&decided), documented, "{row:?} with {:?}", body.action);
            assert_eq!(answer(&decided), answered, "{row:?}");
        }
    }
}

#[test]
fn every_change_that_the_code_knows_has_a_row() {
    let documented: Vec<&str> = rows("event").iter().map(|row| row[3]).collect();
    let actions = [
        ("installation", &["deleted", "suspend", "unsuspend"][..]),
        ("installation_repositories", &["added", "removed"]),
        ("repository", &["renamed", "transferred", "archived", "unarchived", "deleted", "edited"]),
    ];
    for (event, actions) in actions {
        for action in actions {
            let body = envelope("another default branch");
            let body = Envelope { action: Some((*action).to_owned()), ..body };
            let decided = decision(&disposition(event, &body));
            assert!(!decided.starts_with("ignored"), "{event}.{action} is handled");
            assert!(documented.contains(&decided.as_str()), "{event}.{action}: {decided}");
        }
    }
}

#[test]
fn every_reason_to_ignore_is_in_exactly_one_of_the_tables() {
    let by_body: Vec<&str> = rows("event").iter().map(|row| row[3]).collect();
    let by_database: Vec<&str> = rows("reason").iter().filter_map(|row| code(row[0])).collect();
    for reason in Ignored::ALL {
        let in_first = by_body.contains(&format!("ignored: `{reason}`").as_str());
        let in_second = by_database.contains(&reason.as_str());
        assert!(in_first != in_second, "{reason}: {in_first}, {in_second}");
    }
}
