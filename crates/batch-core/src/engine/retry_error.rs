use thiserror::Error;

use super::SubmitError;
use crate::id::BatchId;
use crate::storage::StorageError;

/// Failed runs could not be run again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RetryError {
    /// There is no such batch: there never was, or it has been pruned.
    #[error("there is no {0}")]
    NotFound(BatchId),
    /// No run of the batch has failed or was rejected so far.
    #[error("no run of {0} has failed")]
    NothingFailed(BatchId),
    /// The storage could not read the failed runs.
    #[error(transparent)]
    Storage(StorageError),
    /// The new batch was refused. Where it is for missing secrets,
    /// [`SecretsRequired`](crate::valid::ProblemCode::SecretsRequired) names each; inputs are
    /// named by their place in the batch whose runs failed.
    #[error(transparent)]
    Submit(SubmitError),
}
