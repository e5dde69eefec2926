//! Attempts of a sync: each lease that ran it, and how that ended.

/// How an attempt of a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// The sync ended with it; the sync event says how.
    Finished,
    /// It failed in passing, and counts; another one follows.
    Failed,
    /// It could not be made now. It does not count; another one follows.
    PutOff,
    /// The worker's process ended in an orderly way and gave the work back.
    Stopped,
    /// The worker was not heard of any more; its lease ran out.
    Lost,
}

crate::names!(AttemptOutcome, "attempt outcome", {
    Finished => "finished", Failed => "failed", PutOff => "put_off", Stopped => "stopped", Lost => "lost",
});

/// Why an attempt of a sync was not its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptCause {
    /// GitHub's rate limit is used up until a time that it names.
    RateLimited,
    /// The push was announced, and the branch does not show it yet.
    NotVisible,
    /// The deployment has no usable GitHub App.
    NoApp,
    /// GitHub could not be reached, or failed itself.
    Unreachable,
    /// A commit, tree or blob was gone while it was read: the branch moves.
    Moved,
    /// GitHub said what nobody expected.
    Unexpected,
}

crate::names!(AttemptCause, "attempt cause", {
    RateLimited => "rate_limited", NotVisible => "not_visible", NoApp => "no_app", Unreachable => "unreachable",
    Moved => "moved", Unexpected => "unexpected",
});
