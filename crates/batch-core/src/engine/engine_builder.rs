use std::sync::Arc;

use super::Engine;
use crate::id::{BatchIds, RandomBatchIds};
use crate::request::Limits;
use crate::storage::{Storage, StorageError};
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
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            clock: Arc::new(SystemClock::default()),
            ids: Arc::new(RandomBatchIds),
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
        ))
    }
}
