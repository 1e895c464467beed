use std::fmt;

use jiff::Timestamp;

use crate::batch::Batch;
use crate::id::WorkflowId;
use crate::run::{Run, RunState};

/// Why a run that waits is not executed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// No dispatcher on this engine or a clone of it executes its workflow. It costs no
    /// attempt, and it begins when there is one.
    NotExecuted(WorkflowId),
    /// It is not due before this moment: it waits for another attempt, or its batch for its time.
    NotDue(Timestamp),
    /// It waits for its turn.
    Turn,
}

impl WaitReason {
    /// Why a run waits; `None` where it does not.
    pub(super) fn of_run(run: &Run, is_served: bool, now: Timestamp) -> Option<Self> {
        let waits = run.state == RunState::Pending;
        waits.then(|| Self::of(&run.workflow, run.due_at, is_served, now))
    }

    /// Why the waiting runs of a batch wait, those aside that wait for another attempt; `None`
    /// where none waits.
    pub(super) fn of_batch(batch: &Batch, is_served: bool, now: Timestamp) -> Option<Self> {
        let waits = batch.counts.pending > 0;
        waits.then(|| Self::of(&batch.workflow, batch.timing.not_before, is_served, now))
    }

    fn of(
        workflow: &WorkflowId,
        due_at: Option<Timestamp>,
        is_served: bool,
        now: Timestamp,
    ) -> Self {
        match due_at.filter(|due_at| *due_at > now) {
            _ if !is_served => Self::NotExecuted(workflow.clone()),
            Some(due_at) => Self::NotDue(due_at),
            None => Self::Turn,
        }
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotExecuted(workflow) => write!(f, "nobody here executes {workflow}"),
            Self::NotDue(at) => write!(f, "it is due at {at}"),
            Self::Turn => f.write_str("it waits for its turn"),
        }
    }
}
