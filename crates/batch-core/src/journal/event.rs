use jiff::Timestamp;

use super::EventId;
use crate::batch::{Batch, BatchState, Counts};
use crate::catalogue::Version;
use crate::id::{BatchId, RunId, SubmissionId, WorkflowId};
use crate::run::{Attempt, Failure, Note, Reviewer};
use crate::valid::Metadata;

/// One thing that happened to one run or one batch, as a sink receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Stays the same when the event is delivered again.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// The batch.
    pub batch: BatchId,
    /// The submission the batch belongs to.
    pub submission: SubmissionId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version the batch is pinned to.
    pub version: Version,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// An event about a batch or a run of it.
    #[must_use]
    pub fn new(id: EventId, at: Timestamp, batch: &Batch, kind: EventKind) -> Self {
        Self {
            id,
            at,
            batch: batch.id,
            submission: batch.submission,
            workflow: batch.workflow.clone(),
            version: batch.version,
            kind,
        }
    }
}

/// What happened. [`EventKind::name`] gives each a stable name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// `batch.created`: the batch was stored, with all its runs.
    BatchCreated,
    /// `batch.paused`: its waiting runs are not claimed, as it or its workflow was paused. Not
    /// told where the other is paused already.
    BatchPaused,
    /// `batch.resumed`: it or its workflow was resumed, and neither is paused any more.
    BatchResumed,
    /// `batch.finished`: every run has ended. Comes once, after the events of all runs.
    BatchFinished {
        /// How the runs ended.
        counts: Counts,
        /// The state of the batch from now on.
        state: BatchState,
    },
    /// `batch.progress`: runs of the batch have ended. Made for sinks that ask for it, no more
    /// often than they say, and not kept: none is promised.
    BatchProgress {
        /// How many runs stand where, when the event was made.
        counts: Counts,
        /// The state of the batch then.
        state: BatchState,
    },
    /// `batch.succeeded`: every run has ended well. Comes once, just before `batch.finished`.
    BatchSucceeded {
        /// How the runs ended.
        counts: Counts,
    },
    /// `batch.cancelled`: the batch was cancelled as a whole, and every run has ended. Comes
    /// once, just before `batch.finished`.
    BatchCancelled {
        /// How the runs ended.
        counts: Counts,
    },
    /// `batch.deleted`: somebody deleted the batch, after its end.
    BatchDeleted,
    /// `run.started`: a dispatcher has claimed the run; its executor may begin later.
    RunStarted(RunEvent),
    /// `run.processed`: the run ended well, by itself or because a person approved it.
    RunProcessed(RunEvent),
    /// `run.failed`: the run ended with a failure.
    RunFailed(RunEvent, Failure),
    /// `run.retrying`: an attempt failed, and the run waits for another.
    RunRetrying {
        /// The run.
        run: RunEvent,
        /// Why the attempt failed.
        failure: Failure,
        /// When the run may be claimed again.
        due_at: Timestamp,
    },
    /// `run.cancelling`: the dispatcher that holds the run was asked to stop it.
    RunCancelling(RunEvent),
    /// `run.cancelled`: the run ended because someone cancelled it.
    RunCancelled(RunEvent),
    /// `run.needs_review`: the attempt ended, and the run waits for a person.
    RunNeedsReview {
        /// The run.
        run: RunEvent,
        /// Why its executor asked for one.
        note: Note,
    },
    /// `run.rejected`: the run ended because a person refused it. One that a person approved
    /// is told as [`RunProcessed`](Self::RunProcessed).
    RunRejected {
        /// The run.
        run: RunEvent,
        /// What was added.
        note: Option<Note>,
        /// Who refused it, where that was told.
        reviewer: Option<Reviewer>,
    },
    /// `run.released`: the run was given back unfinished and waits again.
    RunReleased(RunEvent),
    /// `run.snoozed`: the run was put back until later; no attempt was counted.
    RunSnoozed {
        /// The run.
        run: RunEvent,
        /// When it may be claimed again.
        due_at: Timestamp,
    },
    /// `run.interrupted`: the process that held the run died, and it waits again.
    RunInterrupted(RunEvent),
    /// `run.updated`: somebody changed the run's label or metadata. The event has the new ones.
    RunUpdated(RunEvent),
    /// `run.deleted`: somebody deleted the run, after its end. Neither label nor metadata is left.
    RunDeleted(RunEvent),
}

/// The run that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunEvent {
    /// Its id.
    pub id: RunId,
    /// The attempt, where the event is about one.
    pub attempt: Option<Attempt>,
    /// Its label.
    pub name: Option<String>,
    /// The caller's own object.
    pub metadata: Metadata,
}

impl EventKind {
    /// The run it is about, where it is about one.
    #[must_use]
    pub const fn run(&self) -> Option<&RunEvent> {
        match self {
            Self::BatchCreated
            | Self::BatchPaused
            | Self::BatchResumed
            | Self::BatchProgress { .. }
            | Self::BatchSucceeded { .. }
            | Self::BatchCancelled { .. }
            | Self::BatchFinished { .. }
            | Self::BatchDeleted => None,
            Self::RunStarted(run)
            | Self::RunProcessed(run)
            | Self::RunFailed(run, _)
            | Self::RunRetrying { run, .. }
            | Self::RunCancelling(run)
            | Self::RunCancelled(run)
            | Self::RunNeedsReview { run, .. }
            | Self::RunRejected { run, .. }
            | Self::RunReleased(run)
            | Self::RunSnoozed { run, .. }
            | Self::RunInterrupted(run)
            | Self::RunUpdated(run)
            | Self::RunDeleted(run) => Some(run),
        }
    }
}
