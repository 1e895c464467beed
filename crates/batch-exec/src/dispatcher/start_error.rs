use batch_core::id::{InvalidId, SinkName, WorkflowId};
use batch_core::storage::StorageError;
use thiserror::Error;

/// Why a dispatcher did not start. Nothing was claimed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A workflow or a sink has a name that cannot be one; the message names it.
    #[error(transparent)]
    InvalidName(#[from] InvalidId),
    /// Two executors were given for one workflow.
    #[error("the workflow {0} has two executors")]
    DuplicateWorkflow(WorkflowId),
    /// Two sinks have one name, and so would share a cursor.
    #[error("two sinks have the name {0}")]
    DuplicateSink(SinkName),
    /// The catalogue or a sink's cursor could not be read or written.
    #[error("the dispatcher could not prepare the store")]
    Storage(#[from] StorageError),
}
