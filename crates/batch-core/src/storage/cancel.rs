use crate::id::{BatchId, RunId};
use crate::run::RunState;

/// What to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelTarget {
    /// One run.
    Run(RunId),
    /// All runs of a batch that have not ended.
    Batch(BatchId),
}

/// What became of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelReply {
    /// Everything asked for has ended as cancelled.
    Cancelled,
    /// What waited has ended as cancelled; what is held has been asked to stop.
    Cancelling,
    /// The run had ended, in this state. Nothing was changed.
    RunEnded(RunState),
    /// Every run of the batch had ended. Nothing was changed.
    BatchFinished,
    /// There is no such run or batch.
    NotFound,
}
