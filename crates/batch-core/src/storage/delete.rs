use crate::id::{BatchId, RunId};
use crate::run::RunState;

/// What to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeleteTarget {
    /// One run that has ended.
    Run(RunId),
    /// A finished batch with all its runs.
    Batch(BatchId),
}

/// What became of a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeleteReply {
    /// It is gone.
    Deleted,
    /// The run stands in this state and has not ended. Nothing was changed.
    RunNotEnded(RunState),
    /// The batch has runs that have not ended. Nothing was changed.
    BatchNotFinished,
    /// There is no such run or batch, or not any more.
    NotFound,
}
