use thiserror::Error;

use super::SubmitError;
use crate::id::{BatchId, RunId, SubmissionId};
use crate::run::RunState;
use crate::storage::StorageError;

/// Failed runs could not be run again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RetryError {
    /// There is no such batch: there never was, or it was deleted or pruned.
    #[error("there is no {0}")]
    NotFound(BatchId),
    /// No run of the batch has failed or was rejected so far.
    #[error("no run of {0} has failed")]
    NothingFailed(BatchId),
    /// There is no such submission: there never was, or it was deleted or pruned.
    #[error("there is no {0}")]
    SubmissionNotFound(SubmissionId),
    /// No run of the submission has failed so far.
    #[error("no run of {0} has failed")]
    NoRunFailed(SubmissionId),
    /// There is no such run: there never was, or it was deleted, or it is gone with its batch.
    #[error("there is no {0}")]
    RunNotFound(RunId),
    /// The run has not ended: it may still end well by itself.
    #[error("{run} is {state}: only a run that has ended is retried")]
    NotEnded {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// The storage could not read the runs to retry.
    #[error(transparent)]
    Storage(StorageError),
    /// The new batch was refused. Where it is for missing secrets,
    /// [`SecretsRequired`](crate::valid::ProblemCode::SecretsRequired) names each; inputs are
    /// named by their place in the batch whose runs failed.
    #[error(transparent)]
    Submit(SubmitError),
}
