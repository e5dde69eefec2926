//! A sync event as a page for people.

use hookyard_admin::operations::sync_events::SyncEventView;
use hookyard_domain::sync_event::{Counts, SyncStatus};
use hookyard_store::sync_event_list::{BodyState, SyncEvent};

use crate::commands::connector::branch;
use crate::output::{Fields, Table, duration_ms, next_page, time};

/// How wide the bar of counts is, in characters.
const BAR_CHARS: u64 = 40;

/// Status, what happened, counts, and a table of files.
pub(crate) fn text(view: &SyncEventView) -> String {
    let sync = &view.sync_event;
    let mut text = format!("{}\n\n", headline(sync));
    text.push_str(&facts(view).render());
    text.push('\n');
    text.push_str(&bar(&sync.counts));
    text.push_str("\n\n");
    text.push_str(&files(view));
    next_page(&mut text, view.files_next_cursor.as_ref());
    text
}

fn headline(sync: &SyncEvent) -> String {
    let what = format!("{} of {}", branch(&sync.git_ref), sync.repository);
    let why = sync.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    match sync.status {
        SyncStatus::Queued => format!("QUEUED{why}: {what} waits for its sync"),
        SyncStatus::Running => format!("RUNNING{why}: {what} is being read"),
        SyncStatus::Completed => format!("COMPLETED{why}: the config objects equal {what}"),
        SyncStatus::Partial => {
            format!("PARTIAL{why}: the config objects equal {what} but for the files that failed")
        }
        SyncStatus::Failed => {
            format!("FAILED{why}: {what} was not brought in; everything stays as it was")
        }
        SyncStatus::Ignored => format!("IGNORED{why}: nothing was done about {what}"),
    }
}

fn facts(view: &SyncEventView) -> Fields {
    let sync = &view.sync_event;
    let event = view.event.as_ref().map(|event| {
        format!(
            "{} {} received {} (body {})",
            event.id,
            event.event_type,
            time(event.received_at),
            body(event.body)
        )
    });
    let expired = || sync.event_id.map(|id| format!("{id} (body expired)"));
    Fields::default()
        .field("sync event", sync.id)
        .field("workspace", &sync.workspace)
        .field("target", sync.target_id)
        .field("trigger", sync.trigger)
        .maybe("event", event.or_else(expired))
        .maybe("delivery id", sync.delivery_id.as_ref())
        .maybe("announced commit", sync.announced_sha.as_ref())
        .maybe("applied commit", sync.applied_sha.as_ref())
        .field("queued", time(sync.queued_at))
        .maybe("started", sync.started_at.map(time))
        .maybe("completed", sync.completed_at.map(time))
        .maybe("took", sync.duration_ms.map(duration_ms))
        .maybe("looked at again", sync.next_attempt_at.map(time))
        .field("attempts", sync.attempts)
        .field("GitHub requests", sync.github_requests)
        .maybe("deletions", sync.allow_deletions.then_some("allowed, however many"))
        .maybe("error", sync.error.as_ref())
}

fn body(state: BodyState) -> &'static str {
    match state {
        BodyState::Stored => "stored",
        BodyState::Redacted => "redacted",
        BodyState::Expired => "expired",
    }
}

/// The counts, and how they share the width of a line.
fn bar(counts: &Counts) -> String {
    let parts = [
        ('+', "created", counts.created),
        ('~', "updated", counts.updated),
        ('-', "deleted", counts.deleted),
        ('.', "skipped", counts.skipped),
        ('!', "failed", counts.failed),
    ];
    let all: u64 = parts.iter().map(|(_, _, count)| u64::from(*count)).sum();
    let mut bar = String::new();
    for (mark, _, count) in parts {
        // Whatever happened at all is seen, however little of the whole it is.
        let share = (u64::from(count) * BAR_CHARS).div_ceil(all.max(1));
        bar.extend((0..share).map(|_| mark));
    }
    let words: Vec<String> =
        parts.iter().map(|(mark, word, count)| format!("{mark} {count} {word}")).collect();
    if all == 0 { words.join("   ") } else { format!("{bar}\n{}", words.join("   ")) }
}

fn files(view: &SyncEventView) -> String {
    let mut table = Table::new(&["OUTCOME", "PATH", "REASON", "OBJECT", "ERROR"]);
    for file in &view.files {
        table.row([
            file.outcome.to_string(),
            file.path.clone(),
            file.reason.clone().unwrap_or_default(),
            file.config_object_id.map(|id| id.to_string()).unwrap_or_default(),
            file.error.clone().unwrap_or_default(),
        ]);
    }
    table.render("no file changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_shows_whatever_happened_at_all() {
        let counts = Counts { created: 1, skipped: 9_999, ..Counts::default() };
        let text = bar(&counts);
        assert!(text.starts_with("+..."), "{text}");
        assert!(
            text.ends_with("+ 1 created   ~ 0 updated   - 0 deleted   . 9999 skipped   ! 0 failed"),
            "{text}"
        );
        assert!(!bar(&Counts::default()).contains('\n'));
    }
}
