use std::fmt;

use jiff::Timestamp;

use crate::id::{BatchId, WorkflowId};

/// Why a run that waits is not executed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// No dispatcher on this engine or a clone of it executes its workflow. It costs no
    /// attempt, and it begins when there is one.
    NotExecuted(WorkflowId),
    /// Its workflow is paused.
    WorkflowPaused(WorkflowId),
    /// Its batch is paused.
    BatchPaused(BatchId),
    /// It is not due before this moment: it waits for another attempt, or its batch for its time.
    NotDue(Timestamp),
    /// It waits for its turn, or for room within the limits of its workflow.
    Turn,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotExecuted(workflow) => write!(f, "nobody here executes {workflow}"),
            Self::WorkflowPaused(workflow) => write!(f, "{workflow} is paused"),
            Self::BatchPaused(batch) => write!(f, "{batch} is paused"),
            Self::NotDue(at) => write!(f, "it is due at {at}"),
            Self::Turn => f.write_str("it waits for its turn"),
        }
    }
}
