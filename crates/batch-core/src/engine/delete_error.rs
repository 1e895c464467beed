use thiserror::Error;

use crate::id::{BatchId, RunId, SubmissionId};
use crate::run::RunState;
use crate::storage::StorageError;

/// Something could not be deleted. Nothing of it was, but for [`DeleteError::Storage`] on a
/// submission, some of whose batches may be gone.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeleteError {
    /// The run may still go on.
    #[error("{run} is {state}: only a run that has ended is deleted; cancel it first")]
    RunNotEnded {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// The batch has runs that have not ended.
    #[error("{0} has runs that have not ended: cancel it and wait for its end first")]
    BatchNotFinished(BatchId),
    /// The submission has runs that have not ended, or more inputs may come.
    #[error("{0} has not finished: cancel it and wait for its end first")]
    SubmissionNotFinished(SubmissionId),
    /// The storage could not write.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What a delete found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deletion {
    /// It was there, and is gone.
    Deleted,
    /// There was no such thing, or not any more.
    NothingThere,
}
