use super::EventKind;

/// What is known of all events of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventInfo {
    /// The stable name, such as `run.processed`.
    pub name: &'static str,
    /// When it comes.
    pub when: &'static str,
    /// What it carries beside what every event carries, by the names that webhooks give it.
    pub fields: &'static [&'static str],
}

const fn info(
    name: &'static str,
    when: &'static str,
    fields: &'static [&'static str],
) -> EventInfo {
    EventInfo { name, when, fields }
}

static BATCH_CREATED: EventInfo = info(
    "batch.created",
    "the batch was stored, with all its runs",
    &[],
);
static BATCH_PAUSED: EventInfo = info(
    "batch.paused",
    "the batch or its workflow was paused: its waiting runs are not claimed; not told where the other is paused already",
    &[],
);
static BATCH_RESUMED: EventInfo = info(
    "batch.resumed",
    "the batch or its workflow was resumed, and neither is paused any more",
    &[],
);
static BATCH_PROGRESS: EventInfo = info(
    "batch.progress",
    "runs of the batch have ended; only for sinks that ask for it, and no more often than they say",
    &["counts", "state"],
);
static BATCH_SUCCEEDED: EventInfo = info(
    "batch.succeeded",
    "every run has ended well; once, just before `batch.finished`",
    &["counts"],
);
static BATCH_CANCELLED: EventInfo = info(
    "batch.cancelled",
    "the batch was cancelled as a whole, and every run has ended; once, just before `batch.finished`",
    &["counts"],
);
static BATCH_FINISHED: EventInfo = info(
    "batch.finished",
    "every run has ended, however; once, after all other events of the batch",
    &["counts", "state"],
);
static BATCH_DELETED: EventInfo = info(
    "batch.deleted",
    "someone deleted the batch, after its end; the last event about it",
    &[],
);
static RUN_STARTED: EventInfo = info(
    "run.started",
    "a dispatcher has claimed the run; its executor may begin a little later",
    &["run"],
);
static RUN_PROCESSED: EventInfo = info(
    "run.processed",
    "the run ended well, by itself or because a person approved it",
    &["run"],
);
static RUN_FAILED: EventInfo = info(
    "run.failed",
    "the run ended with a failure",
    &["run", "failure"],
);
static RUN_RETRYING: EventInfo = info(
    "run.retrying",
    "an attempt failed, and the run waits for another",
    &["run", "failure", "due_at"],
);
static RUN_CANCELLING: EventInfo = info(
    "run.cancelling",
    "the dispatcher that holds the run was asked to stop it",
    &["run"],
);
static RUN_CANCELLED: EventInfo = info(
    "run.cancelled",
    "the run ended because someone cancelled it",
    &["run"],
);
static RUN_NEEDS_REVIEW: EventInfo = info(
    "run.needs_review",
    "the attempt ended, and the run waits for a person",
    &["run", "note"],
);
static RUN_REJECTED: EventInfo = info(
    "run.rejected",
    "the run ended because a person refused it",
    &["run", "note", "reviewer"],
);
static RUN_RELEASED: EventInfo = info(
    "run.released",
    "the run was given back unfinished, and waits again; no attempt is counted",
    &["run"],
);
static RUN_SNOOZED: EventInfo = info(
    "run.snoozed",
    "the executor put the run back until later; no attempt is counted",
    &["run", "due_at"],
);
static RUN_INTERRUPTED: EventInfo = info(
    "run.interrupted",
    "the process that held the run died, or the claim to it ran out; it waits again",
    &["run"],
);

static RUN_UPDATED: EventInfo = info(
    "run.updated",
    "someone changed the run's name or metadata, at any time; it has the new ones",
    &["run"],
);
static RUN_DELETED: EventInfo = info(
    "run.deleted",
    "someone deleted the run, after its end; neither name nor metadata is left",
    &["run"],
);

static ALL: [&EventInfo; 21] = [
    &BATCH_CREATED,
    &BATCH_PAUSED,
    &BATCH_RESUMED,
    &BATCH_PROGRESS,
    &BATCH_SUCCEEDED,
    &BATCH_CANCELLED,
    &BATCH_FINISHED,
    &BATCH_DELETED,
    &RUN_STARTED,
    &RUN_PROCESSED,
    &RUN_FAILED,
    &RUN_RETRYING,
    &RUN_CANCELLING,
    &RUN_CANCELLED,
    &RUN_NEEDS_REVIEW,
    &RUN_REJECTED,
    &RUN_RELEASED,
    &RUN_SNOOZED,
    &RUN_INTERRUPTED,
    &RUN_UPDATED,
    &RUN_DELETED,
];

impl EventKind {
    /// All events that there are.
    #[must_use]
    pub const fn catalogue() -> &'static [&'static EventInfo] {
        &ALL
    }

    /// What is known of events of this name.
    #[must_use]
    pub const fn info(&self) -> &'static EventInfo {
        match self {
            Self::BatchCreated => &BATCH_CREATED,
            Self::BatchPaused => &BATCH_PAUSED,
            Self::BatchResumed => &BATCH_RESUMED,
            Self::BatchProgress { .. } => &BATCH_PROGRESS,
            Self::BatchSucceeded { .. } => &BATCH_SUCCEEDED,
            Self::BatchCancelled { .. } => &BATCH_CANCELLED,
            Self::BatchFinished { .. } => &BATCH_FINISHED,
            Self::BatchDeleted => &BATCH_DELETED,
            Self::RunUpdated(_) => &RUN_UPDATED,
            Self::RunDeleted(_) => &RUN_DELETED,
            Self::RunStarted(_) => &RUN_STARTED,
            Self::RunProcessed(_) => &RUN_PROCESSED,
            Self::RunFailed(..) => &RUN_FAILED,
            Self::RunRetrying { .. } => &RUN_RETRYING,
            Self::RunCancelling(_) => &RUN_CANCELLING,
            Self::RunCancelled(_) => &RUN_CANCELLED,
            Self::RunNeedsReview { .. } => &RUN_NEEDS_REVIEW,
            Self::RunRejected { .. } => &RUN_REJECTED,
            Self::RunReleased(_) => &RUN_RELEASED,
            Self::RunSnoozed { .. } => &RUN_SNOOZED,
            Self::RunInterrupted(_) => &RUN_INTERRUPTED,
        }
    }

    /// The stable name, such as `run.processed`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.info().name
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::batch::{Batch, BatchState, Counts};
    use crate::journal::{
        Entry, Fact, RunEnd, RunInReview, RunRetry, RunReviewed, RunSnooze, RunStart, Sequence,
        Subject, expand,
    };
    use crate::ordinal::{Ordinal, OrdinalSet};
    use crate::run::{Attempt, Failure, Note, RunState, Verdict};

    /// The names of the events of a fact, in order; each is one that the fact announces.
    fn names(fact: Fact) -> Vec<&'static str> {
        let batch = Batch::sample();
        let announced = fact.event_names();
        let entry = Entry::new(Sequence::new(1), Timestamp::UNIX_EPOCH, batch.id, fact);
        let events = expand(&entry, &batch, |_| Subject::default());
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        assert!(
            ids.is_sorted_by(|a, b| a < b),
            "each has an id of its own, in order"
        );
        let names: Vec<_> = events.iter().map(|event| event.kind.name()).collect();
        for name in &names {
            assert!(announced.contains(name), "{name} of {entry:?}");
        }
        names
    }

    fn finished(counts: Counts, state: BatchState) -> Vec<&'static str> {
        names(Fact::Finished { counts, state })
    }

    /// One fact of each kind, with each way to end.
    fn facts() -> Vec<Fact> {
        let ordinal = Ordinal::new(0);
        let attempt = Attempt::FIRST;
        let set = OrdinalSet::up_to(1);
        let ends = RunState::ALL.into_iter().filter(|state| state.is_ended());
        let end = |state| RunEnd {
            ordinal,
            attempt: Some(attempt),
            state,
            failure: None,
        };
        let retry = RunRetry {
            ordinal,
            attempt,
            failure: Failure::new("BAD", "no"),
            due_at: Timestamp::UNIX_EPOCH,
        };
        let asked = RunInReview {
            ordinal,
            attempt,
            note: Note::new("look"),
        };
        let answered = |verdict| RunReviewed {
            ordinal,
            attempt,
            verdict,
            note: None,
            reviewer: None,
        };
        let single = ends.map(|state| Fact::Ended(vec![end(state)]));
        let rest = [
            Fact::Created,
            Fact::Paused,
            Fact::Resumed,
            Fact::Started(vec![RunStart { ordinal, attempt }]),
            Fact::Retrying(vec![retry]),
            Fact::NeedsReview(vec![asked]),
            Fact::Reviewed(vec![answered(Verdict::Approved)]),
            Fact::Reviewed(vec![answered(Verdict::Rejected)]),
            Fact::Snoozed(vec![RunSnooze {
                ordinal,
                attempt,
                due_at: Timestamp::UNIX_EPOCH,
            }]),
            Fact::Released(set.clone()),
            Fact::Interrupted(set.clone()),
            Fact::Cancelling(set.clone()),
            Fact::Swept(set.clone()),
            Fact::Updated(set.clone()),
            Fact::Deleted(set.clone()),
            Fact::BatchDeleted,
            Fact::Expired(set),
        ];
        single.chain(rest).collect()
    }

    #[test]
    fn the_catalogue_has_every_event_that_a_fact_makes_and_progress_beside_them() {
        let mut made: BTreeSet<_> = facts().into_iter().flat_map(names).collect();
        let counts = Counts::default();
        for state in BatchState::ALL {
            made.extend(finished(counts, state));
        }
        assert!(made.insert("batch.progress"), "sinks make it, not facts");
        let known = EventKind::catalogue().iter().map(|info| info.name);
        assert_eq!(known.collect::<BTreeSet<_>>(), made);
    }

    #[test]
    fn the_end_of_a_batch_says_whether_it_succeeded_and_finished_comes_last() {
        let mut counts = Counts {
            processed: 2,
            ..Counts::default()
        };
        let well = finished(counts, BatchState::Processed);
        assert_eq!(well, ["batch.succeeded", "batch.finished"]);
        counts.failed = 1;
        let badly = finished(counts, BatchState::Processed);
        assert_eq!(badly, ["batch.finished"]);
        let cancelled = finished(counts, BatchState::Cancelled);
        assert_eq!(cancelled, ["batch.cancelled", "batch.finished"]);
    }

    #[test]
    fn the_page_on_events_has_a_row_for_each_and_no_other() {
        let page = include_str!("../../../../docs/events.md");
        for EventInfo { name, when, fields } in EventKind::catalogue() {
            let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
            let row = format!("\n| `{name}` | {when} | {} |\n", fields.join(", "));
            assert!(page.contains(&row), "missing:{row}");
        }
        let rows = page.matches("\n| `batch.").count() + page.matches("\n| `run.").count();
        assert_eq!(rows, EventKind::catalogue().len());
    }
}
