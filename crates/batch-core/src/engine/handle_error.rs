use thiserror::Error;

use crate::id::{BatchId, SubmissionId};
use crate::storage::StorageError;

/// A handle could not say how its batch or submission stands.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandleError {
    /// There is no such batch: there never was, or it was deleted or pruned.
    #[error("there is no {0}")]
    BatchNotFound(BatchId),
    /// There is no such submission: there never was, or it was deleted or pruned.
    #[error("there is no {0}")]
    SubmissionNotFound(SubmissionId),
    /// The storage could not read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
