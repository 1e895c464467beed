use std::io;

use batch_core::storage::StorageError;
use thiserror::Error;

/// Why a [`BlockingEngine`](super::BlockingEngine) was not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system refused the thread or what the runtime needs; often a limit of the process.
    #[error("the thread of the runtime could not be started")]
    Runtime(#[from] io::Error),
    /// The storage cannot be used.
    #[error("the storage could not be used")]
    Storage(#[from] StorageError),
}
