use thiserror::Error;

use crate::id::RunId;
use crate::run::RunState;
use crate::storage::StorageError;

/// A run could not be approved or rejected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// There is no such run: there never was, or its batch has been pruned.
    #[error("there is no {0}")]
    NotFound(RunId),
    /// The run is not in review: it does not wait for a person, or somebody has answered otherwise.
    #[error("{run} is not in review: it is {state}")]
    NotInReview {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// The storage could not write.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
