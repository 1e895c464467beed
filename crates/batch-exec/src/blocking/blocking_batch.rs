use std::sync::Arc;

use batch_core::batch::Batch;
use batch_core::engine::{BatchHandle, HandleError, RunFilter};
use batch_core::id::BatchId;
use batch_core::storage::{CancelReply, FlowReply, StorageError};

use super::BlockingRuns;
use super::runtime_thread::RuntimeThread;

/// One batch, to be read, waited for and cancelled. A [`BatchHandle`] whose calls block.
#[derive(Debug, Clone)]
pub struct BlockingBatch {
    handle: BatchHandle,
    runtime: Arc<RuntimeThread>,
}

impl BlockingBatch {
    pub(super) const fn new(handle: BatchHandle, runtime: Arc<RuntimeThread>) -> Self {
        Self { handle, runtime }
    }

    /// The batch's id.
    #[must_use]
    pub const fn id(&self) -> BatchId {
        self.handle.id()
    }

    /// The async handle of the same batch.
    #[must_use]
    pub const fn handle(&self) -> &BatchHandle {
        &self.handle
    }

    /// The batch as it now stands.
    ///
    /// # Errors
    ///
    /// As [`BatchHandle::get`].
    pub fn get(&self) -> Result<Batch, HandleError> {
        self.runtime.block_on(self.handle.get())
    }

    /// Waits until every run has ended; for ever where nobody executes them.
    ///
    /// # Errors
    ///
    /// As [`BatchHandle::wait`].
    pub fn wait(&self) -> Result<Batch, HandleError> {
        self.runtime.block_on(self.handle.wait())
    }

    /// Cancels every run that has not ended.
    ///
    /// # Errors
    ///
    /// As [`BatchHandle::cancel`].
    pub fn cancel(&self) -> Result<CancelReply, StorageError> {
        self.runtime.block_on(self.handle.cancel())
    }

    /// Lets no waiting run be claimed until the batch is resumed. What is held goes on.
    ///
    /// # Errors
    ///
    /// As [`BatchHandle::pause`].
    pub fn pause(&self) -> Result<FlowReply, StorageError> {
        self.runtime.block_on(self.handle.pause())
    }

    /// Lets waiting runs be claimed again, unless the workflow is paused.
    ///
    /// # Errors
    ///
    /// As [`BatchHandle::resume`].
    pub fn resume(&self) -> Result<FlowReply, StorageError> {
        self.runtime.block_on(self.handle.resume())
    }

    /// The runs that wait for a person, with their outputs.
    pub fn in_review(&self) -> BlockingRuns {
        BlockingRuns::new(self.handle.in_review(), Arc::clone(&self.runtime))
    }

    /// The batch's runs, in the order of its inputs.
    pub fn runs(&self, filter: RunFilter) -> BlockingRuns {
        BlockingRuns::new(self.handle.runs(filter), Arc::clone(&self.runtime))
    }
}
