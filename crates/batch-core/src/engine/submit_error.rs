use std::error::Error;

use thiserror::Error;

use super::{Difference, Interrupted, QueueFull, Unshown};
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
    #[error("idempotency key {key} belongs to {batch} of other content{}", content(.first_difference.as_deref(), *.unshown))]
    KeyConflict {
        /// The key.
        key: IdempotencyKey,
        /// The batch it belongs to.
        batch: BatchId,
        /// Where the two differ first; `None` where that cannot be shown.
        first_difference: Option<Box<Difference>>,
        /// Why no difference is shown; `None` where one is.
        unshown: Option<Unshown>,
    },
    /// There is no such workflow.
    #[error(
        "there is no workflow {0}: start its dispatcher first, or deploy it with ensure_deployed"
    )]
    UnknownWorkflow(WorkflowId),
    /// The workflow has no such version.
    #[error(transparent)]
    UnknownVersion(UnknownVersion),
    /// The storage could not write, or could not say whether it did: see
    /// [`StorageError::kind`].
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Too many runs wait in the store: see [`EngineBuilder::queue_bound`].
    ///
    /// [`EngineBuilder::queue_bound`]: super::EngineBuilder::queue_bound
    #[error("{0}")]
    QueueFull(QueueFull),
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

/// In what the content is another one.
fn content(difference: Option<&Difference>, unshown: Option<Unshown>) -> String {
    match (difference, unshown) {
        (Some(difference), _) => format!(": {difference}"),
        (None, Some(unshown)) => unshown.to_string(),
        (None, None) => String::new(),
    }
}
