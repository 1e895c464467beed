use std::sync::Arc;

use super::Engine;
use crate::id::{BatchIds, RandomBatchIds};
use crate::request::Limits;
use crate::storage::{QueueBound, Storage, StorageError};
use crate::time::{Clock, SystemClock};

/// Settings of an [`Engine`].
///
/// ```
/// use std::sync::Arc;
/// use batch_core::engine::Engine;
/// use batch_core::request::Limits;
/// use batch_core::time::ManualClock;
///
/// let mut limits = Limits::default();
/// limits.inputs = 100;
/// let builder = Engine::builder()
///     .limits(limits)
///     .clock(Arc::new(ManualClock::default()));
/// # drop(builder);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it opens an engine"]
pub struct EngineBuilder {
    limits: Limits,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn BatchIds>,
    queue_bound: Option<QueueBound>,
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            clock: Arc::new(SystemClock::default()),
            ids: Arc::new(RandomBatchIds),
            queue_bound: None,
        }
    }
}

impl EngineBuilder {
    /// How large a batch and its parts may be.
    ///
    /// A submission is cut by these limits. One that is to be continued after a
    /// restart needs the same [`Limits::inputs`] and [`Limits::batch_bytes`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The most runs that may wait in the store, those of other engines included. By default
    /// any number.
    ///
    /// [`Engine::submit_batch`] and retries of failed runs are refused past it with
    /// [`SubmitError::QueueFull`](super::SubmitError::QueueFull); [`Engine::submit_waiting`] and
    /// submissions of many batches wait for room. Runs that come to wait again, such as for
    /// another attempt, are never refused. The store checks the bound that comes with each
    /// batch, so engines over one store may have different ones.
    pub fn queue_bound(mut self, bound: QueueBound) -> Self {
        self.queue_bound = Some(bound);
        self
    }

    /// Where the engine reads the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where the ids of new batches come from.
    pub fn batch_ids(mut self, ids: Arc<dyn BatchIds>) -> Self {
        self.ids = ids;
        self
    }

    /// An engine with these settings on a storage. Does no I/O.
    ///
    /// # Errors
    ///
    /// None today: [`StorageError`] is kept for a storage that cannot be used.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left behind; the storage is dropped.
    pub async fn open(self, storage: impl Storage) -> Result<Engine, StorageError> {
        self.open_shared(Arc::new(storage)).await
    }

    /// An engine with these settings on a storage that others use too. Does no I/O.
    ///
    /// # Errors
    ///
    /// None today: [`StorageError`] is kept for a storage that cannot be used.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left behind.
    pub async fn open_shared(self, storage: Arc<dyn Storage>) -> Result<Engine, StorageError> {
        Ok(Engine::from_parts(
            storage,
            self.clock,
            self.ids,
            self.limits,
            self.queue_bound,
        ))
    }
}
