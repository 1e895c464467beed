use super::{
    Entry, Event, EventId, EventKind, Facet, Fact, RunEnd, RunEvent, RunInReview, RunRetry,
    RunReviewed, RunSnooze, Sequence,
};
use crate::batch::{Batch, BatchState, Counts};
use crate::id::RunId;
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Attempt, Failure, RunState, Verdict};
use crate::valid::Metadata;

/// What an event carries of a run's input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// The run's label.
    pub name: Option<String>,
    /// The caller's own object.
    pub metadata: Metadata,
}

impl Fact {
    /// The runs it is about, each once.
    #[must_use]
    pub fn ordinals(&self) -> OrdinalSet {
        match self {
            Self::Created
            | Self::Paused
            | Self::Resumed
            | Self::Finished { .. }
            | Self::BatchDeleted => OrdinalSet::new(),
            Self::Started(started) => started.iter().map(|start| start.ordinal).collect(),
            Self::Ended(ends) => ends.iter().map(|end| end.ordinal).collect(),
            Self::Retrying(retries) => retries.iter().map(|retry| retry.ordinal).collect(),
            Self::NeedsReview(runs) => runs.iter().map(|run| run.ordinal).collect(),
            Self::Reviewed(runs) => runs.iter().map(|run| run.ordinal).collect(),
            Self::Snoozed(snoozes) => snoozes.iter().map(|snooze| snooze.ordinal).collect(),
            Self::Released(set)
            | Self::Interrupted(set)
            | Self::Cancelling(set)
            | Self::Swept(set)
            | Self::Expired(set)
            | Self::Updated(set)
            | Self::Deleted(set) => set.clone(),
        }
    }
}

/// Makes the events of a journal entry: one per run it is about, or those for the batch.
///
/// `subject` is asked once for each of [`Fact::ordinals`].
pub fn expand(entry: &Entry, batch: &Batch, subject: impl Fn(Ordinal) -> Subject) -> Vec<Event> {
    let with_id = |id, kind| Event::new(id, entry.at, batch, kind);
    let event = |ordinal: Ordinal, kind| with_id(EventId::of_run(entry.sequence, ordinal), kind);
    let run = |ordinal: Ordinal, attempt: Option<Attempt>| {
        let Subject { name, metadata } = subject(ordinal);
        RunEvent {
            id: RunId::new(entry.batch, ordinal),
            attempt,
            name,
            metadata,
        }
    };
    let each = |set: &OrdinalSet, kind: fn(RunEvent) -> EventKind| {
        set.iter()
            .map(|ordinal| event(ordinal, kind(run(ordinal, None))))
            .collect()
    };
    let one = |ordinal: Ordinal, attempt, kind: &dyn Fn(RunEvent) -> EventKind| {
        event(ordinal, kind(run(ordinal, attempt)))
    };
    match &entry.fact {
        Fact::Created
        | Fact::Paused
        | Fact::Resumed
        | Fact::Finished { .. }
        | Fact::BatchDeleted => {
            let events = of_batch(entry).into_iter();
            events.map(|(id, kind)| with_id(id, kind)).collect()
        }
        Fact::Started(starts) => starts
            .iter()
            .map(|start| one(start.ordinal, Some(start.attempt), &EventKind::RunStarted))
            .collect(),
        Fact::Ended(ends) => ends
            .iter()
            .map(|end| one(end.ordinal, end.attempt, &|run| ended(end, run)))
            .collect(),
        Fact::Retrying(retries) => retries
            .iter()
            .map(|it| one(it.ordinal, Some(it.attempt), &|run| retrying(it, run)))
            .collect(),
        Fact::NeedsReview(runs) => runs
            .iter()
            .map(|it| one(it.ordinal, Some(it.attempt), &|run| in_review(it, run)))
            .collect(),
        Fact::Reviewed(runs) => runs
            .iter()
            .map(|it| one(it.ordinal, Some(it.attempt), &|run| reviewed(it, run)))
            .collect(),
        Fact::Updated(set) => each(set, EventKind::RunUpdated),
        Fact::Deleted(set) => each(set, EventKind::RunDeleted),
        Fact::Snoozed(snoozes) => snoozes
            .iter()
            .map(|it| one(it.ordinal, Some(it.attempt), &|run| snoozed(*it, run)))
            .collect(),
        Fact::Released(set) => each(set, EventKind::RunReleased),
        Fact::Interrupted(set) => each(set, EventKind::RunInterrupted),
        Fact::Cancelling(set) => each(set, EventKind::RunCancelling),
        Fact::Swept(set) => each(set, EventKind::RunCancelled),
        Fact::Expired(set) => each(set, |run| EventKind::RunFailed(run, Failure::expired())),
    }
}

/// The events of a fact that is about the batch as a whole; none of one about runs.
fn of_batch(entry: &Entry) -> Vec<(EventId, EventKind)> {
    let id = EventId::of_batch(entry.sequence);
    match &entry.fact {
        Fact::Created => vec![(id, EventKind::BatchCreated)],
        Fact::Paused => vec![(id, EventKind::BatchPaused)],
        Fact::Resumed => vec![(id, EventKind::BatchResumed)],
        Fact::BatchDeleted => vec![(id, EventKind::BatchDeleted)],
        Fact::Finished { counts, state } => finished(entry.sequence, *counts, *state).collect(),
        _ => Vec::new(),
    }
}

/// The events of a batch's end; that it has finished is the last.
fn finished(
    sequence: Sequence,
    counts: Counts,
    state: BatchState,
) -> impl Iterator<Item = (EventId, EventKind)> {
    let succeeded = counts.all_processed().then(|| {
        let id = EventId::of_facet(sequence, Facet::Succeeded);
        (id, EventKind::BatchSucceeded { counts })
    });
    let cancelled = (state == BatchState::Cancelled).then(|| {
        let id = EventId::of_facet(sequence, Facet::Cancelled);
        (id, EventKind::BatchCancelled { counts })
    });
    let finished = EventKind::BatchFinished { counts, state };
    let last = (EventId::of_batch(sequence), finished);
    succeeded.into_iter().chain(cancelled).chain([last])
}

/// The event of a failed attempt that is not the last.
fn retrying(retry: &RunRetry, run: RunEvent) -> EventKind {
    EventKind::RunRetrying {
        run,
        failure: retry.failure.clone(),
        due_at: retry.due_at,
    }
}

/// The event of a run that needs a person.
fn in_review(asked: &RunInReview, run: RunEvent) -> EventKind {
    EventKind::RunNeedsReview {
        run,
        note: asked.note.clone(),
    }
}

/// The event of an answered review.
fn reviewed(answer: &RunReviewed, run: RunEvent) -> EventKind {
    match answer.verdict {
        Verdict::Approved => EventKind::RunProcessed(run),
        Verdict::Rejected => EventKind::RunRejected {
            run,
            note: answer.note.clone(),
            reviewer: answer.reviewer.clone(),
        },
    }
}

const fn snoozed(snooze: RunSnooze, run: RunEvent) -> EventKind {
    let due_at = snooze.due_at;
    EventKind::RunSnoozed { run, due_at }
}

/// The event of a run's end.
fn ended(end: &RunEnd, run: RunEvent) -> EventKind {
    match end.state {
        RunState::Processed => EventKind::RunProcessed(run),
        RunState::Cancelled => EventKind::RunCancelled(run),
        RunState::Rejected => EventKind::RunRejected {
            run,
            note: None,
            reviewer: None,
        },
        _ => {
            let unknown = || Failure::new("UNKNOWN", "no reason was recorded");
            EventKind::RunFailed(run, end.failure.clone().unwrap_or_else(unknown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::BatchId;

    #[test]
    fn the_event_of_a_runs_end_tells_how_it_ended() {
        let told = |state| {
            let ordinal = Ordinal::new(3);
            let end = RunEnd {
                ordinal,
                attempt: Some(Attempt::FIRST),
                state,
                failure: None,
            };
            let run = RunEvent {
                id: RunId::new(BatchId::generate(), ordinal),
                attempt: end.attempt,
                name: None,
                metadata: Metadata::default(),
            };
            ended(&end, run).name()
        };
        assert_eq!(told(RunState::Processed), "run.processed");
        assert_eq!(told(RunState::Failed), "run.failed");
        assert_eq!(told(RunState::Cancelled), "run.cancelled");
        assert_eq!(told(RunState::Rejected), "run.rejected");
    }
}
