use std::error::Error;

use thiserror::Error;

use super::{Difference, Interrupted};
use crate::catalogue::UnknownVersion;
use crate::id::{BatchId, IdempotencyKey, WorkflowId};
use crate::storage::StorageError;
use crate::valid::InvalidBatch;

/// A submit did not happen, or not whole.
///
/// Unless it is [`SubmitError::Interrupted`] or a [`SubmitError::Storage`] in
/// doubt, the call has written nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The inputs, or what goes with them, are refused: every problem at once.
    ///
    /// In a submission, every problem of the first batch that has any; inputs are
    /// named by their place in the whole submission.
    #[error(transparent)]
    Invalid(InvalidBatch),
    /// The key belongs to a batch of other content.
    #[error("idempotency key {key} belongs to {batch} of other content{}", after_colon(.first_difference.as_deref()))]
    KeyConflict {
        /// The key.
        key: IdempotencyKey,
        /// The batch it belongs to.
        batch: BatchId,
        /// Where the two differ first; `None` where only secrets differ, which are not
        /// compared, or where the stored inputs can no longer be read.
        first_difference: Option<Box<Difference>>,
    },
    /// There is no such workflow.
    #[error("there is no workflow {0}")]
    UnknownWorkflow(WorkflowId),
    /// The workflow has no such version.
    #[error(transparent)]
    UnknownVersion(UnknownVersion),
    /// The storage could not write, or could not say whether it did: see
    /// [`StorageError::kind`].
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The stream of inputs broke.
    #[error("the inputs could not be read")]
    Inputs(#[source] Box<dyn Error + Send + Sync>),
    /// A submission ended in its midst: some batches are stored.
    #[error(transparent)]
    Interrupted(Box<Interrupted>),
}

impl SubmitError {
    /// The first cause: of an interrupted submission what interrupted it, else the error itself.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::Interrupted(interrupted) => interrupted.cause.root(),
            other => other,
        }
    }
}

fn after_colon(difference: Option<&Difference>) -> String {
    difference.map_or_else(String::new, |difference| format!(": {difference}"))
}
