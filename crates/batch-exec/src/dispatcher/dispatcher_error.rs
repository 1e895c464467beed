use std::sync::Arc;

use batch_core::id::SinkName;
use batch_core::storage::StorageError;
use thiserror::Error;

/// Why a dispatcher, or one of its sinks, has stopped working.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum DispatcherError {
    /// The store failed in a way that trying again does not cure. No more runs are claimed.
    #[error("the dispatcher could not {doing}")]
    Storage {
        /// What it was doing.
        doing: &'static str,
        /// What the store said.
        #[source]
        source: Arc<StorageError>,
    },
    /// The store failed under a sink, which receives no more events. Runs go on.
    #[error("the sink {sink} could not read the journal")]
    Sink {
        /// The sink.
        sink: SinkName,
        /// What the store said.
        #[source]
        source: Arc<StorageError>,
    },
    /// A task of the dispatcher itself ended unexpectedly: a defect, or the runtime shut down.
    #[error("the dispatcher's {task} ended unexpectedly: {message}")]
    Defect {
        /// Which task.
        task: &'static str,
        /// What it said.
        message: String,
    },
}
