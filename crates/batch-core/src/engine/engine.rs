use std::sync::Arc;

use super::served_workflows::ServedWorkflows;
use super::{BatchHandle, EngineBuilder, SubmissionHandle};
use crate::batch::{Batch, Submission};
use crate::id::{BatchId, BatchIds, RunId, SubmissionId};
use crate::request::Limits;
use crate::run::Run;
use crate::storage::{BatchQuery, Page, QueueBound, RunQuery, Storage, StorageError};
use crate::time::Clock;

/// Takes batches in, says how they stand, and controls them.
///
/// A clone is cheap and speaks to the same storage. The engine holds no state
/// of its own: everything it knows is in the storage, so a process may have as
/// many engines over one storage as it likes. It executes nothing; a dispatcher
/// does. Only who executes what is known by the engine and its clones alone, to
/// say why runs wait.
#[derive(Debug, Clone)]
pub struct Engine {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn BatchIds>,
    limits: Limits,
    queue_bound: Option<QueueBound>,
    served: Arc<ServedWorkflows>,
}

impl Engine {
    pub(super) fn from_parts(
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn BatchIds>,
        limits: Limits,
        queue_bound: Option<QueueBound>,
    ) -> Self {
        let parts = Parts {
            storage,
            clock,
            ids,
            limits,
            queue_bound,
            served: Arc::default(),
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// An engine on a storage, with the default limits and the system's clock.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot be used.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left behind; the storage is dropped.
    pub async fn open(storage: impl Storage) -> Result<Self, StorageError> {
        Self::builder().open(storage).await
    }

    /// Sets limits and clock before opening.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Where everything is kept.
    #[must_use]
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.parts.storage
    }

    /// Where the engine reads the time. A storage has a clock of its own.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.parts.clock
    }

    /// Which workflows are executed in this process.
    pub(super) fn served(&self) -> &Arc<ServedWorkflows> {
        &self.parts.served
    }

    /// The id of a new batch.
    pub(super) fn new_id(&self) -> BatchId {
        self.parts.ids.next()
    }

    /// How large a batch and its parts may be.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.parts.limits
    }

    /// How many runs may wait when something is submitted; `None` for any number.
    #[must_use]
    pub fn queue_bound(&self) -> Option<QueueBound> {
        self.parts.queue_bound
    }

    /// A handle to a batch. Reads nothing: whether there is such a batch shows on first use.
    #[must_use]
    pub fn batch_handle(&self, id: BatchId) -> BatchHandle {
        BatchHandle::existing(self.clone(), id)
    }

    /// A handle to a submission. Reads nothing: whether there is such a submission shows on
    /// first use.
    #[must_use]
    pub fn submission_handle(&self, id: SubmissionId) -> SubmissionHandle {
        SubmissionHandle::existing(self.clone(), id)
    }

    /// Reads a batch; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError> {
        let batch = self.storage().batch(id).await?;
        Ok(batch.filter(|batch| batch.deleted_at.is_none()))
    }

    /// Lists batches, one page at a time.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read, or the page token is of another query.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn batches(&self, query: BatchQuery) -> Result<Page<Batch>, StorageError> {
        self.storage().batches(query).await
    }

    /// Reads a submission; `None` where there is none.
    ///
    /// Its counts are [`SubmissionHandle::progress`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, StorageError> {
        self.storage().submission(id).await
    }

    /// Reads a run, its output included; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>, StorageError> {
        self.storage().run(id).await
    }

    /// Lists runs, one page at a time.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read, or the page token is of another query.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn runs(&self, query: RunQuery) -> Result<Page<Run>, StorageError> {
        self.storage().runs(query).await
    }

    /// Closes the store, for this engine, its clones and handles and everybody else who has
    /// it: every later call fails with [`ErrorKind::Closed`](crate::storage::ErrorKind::Closed),
    /// and whoever waits is told the same. When it returns, the store can be opened again, in
    /// this process too.
    ///
    /// Shut dispatchers down first. A run that one still executes is given back, uncounted;
    /// what it brings is not recorded, and it executes again.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where runs that were held could not be given back. The store is closed
    /// all the same, and those runs count as interrupted.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, the store is being closed; call again to wait for it.
    pub async fn close(&self) -> Result<(), StorageError> {
        self.storage().close().await
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BatchWatch, Runs, SubmissionWatch};
    use super::*;

    #[test]
    fn the_engine_and_its_handles_go_to_any_thread() {
        const fn goes_to_any_thread<T: Send + Sync + 'static>() {}
        goes_to_any_thread::<Engine>();
        goes_to_any_thread::<EngineBuilder>();
        goes_to_any_thread::<BatchHandle>();
        goes_to_any_thread::<SubmissionHandle>();
        goes_to_any_thread::<BatchWatch>();
        goes_to_any_thread::<SubmissionWatch>();
        goes_to_any_thread::<Runs>();
    }
}
