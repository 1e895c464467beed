use std::future::Future;
use std::sync::Arc;

use batch_core::batch::Batch;
use batch_core::engine::{
    DeleteError, Deletion, Engine, RetryError, RetryOptions, ReviewError, SubmitError, UpdateError,
};
use batch_core::id::{BatchId, RunId};
use batch_core::request::{BatchRequest, Input, RunUpdate};
use batch_core::run::{Note, Run};
use batch_core::storage::{
    BatchQuery, CancelReply, Page, ReviewRequest, RunQuery, Storage, StorageError,
};

use super::runtime_thread::RuntimeThread;
use super::{BlockingBatch, BlockingDispatcherBuilder, OpenError};
use crate::retention::{Pruner, Retention};

/// An [`Engine`] whose calls block, with a runtime of its own for what works in the background.
///
/// A clone is cheap and shares both. The runtime ends with the last clone,
/// batch and dispatcher of it.
#[derive(Debug, Clone)]
pub struct BlockingEngine {
    engine: Engine,
    runtime: Arc<RuntimeThread>,
}

impl BlockingEngine {
    /// An engine on a storage, with the default limits and the system's clock.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the runtime cannot be started or the storage cannot be used.
    pub fn open(storage: impl Storage) -> Result<Self, OpenError> {
        let runtime = RuntimeThread::start()?;
        let engine = runtime.block_on(Engine::open(storage))?;
        Ok(Self {
            engine,
            runtime: Arc::new(runtime),
        })
    }

    /// The blocking face of an engine that is open already.
    ///
    /// # Errors
    ///
    /// [`OpenError::Runtime`] where the runtime cannot be started.
    pub fn over(engine: Engine) -> Result<Self, OpenError> {
        let runtime = Arc::new(RuntimeThread::start()?);
        Ok(Self { engine, runtime })
    }

    /// The async engine inside.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Waits for any future, on the calling thread: for what has no blocking form here.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Gathers what a dispatcher on this engine's storage shall execute.
    pub fn dispatcher(&self) -> BlockingDispatcherBuilder {
        BlockingDispatcherBuilder::new(&self.engine, Arc::clone(&self.runtime))
    }

    /// Submits one batch for the newest version of a workflow: every input becomes a run.
    ///
    /// # Errors
    ///
    /// As [`Engine::submit`].
    pub fn submit(
        &self,
        workflow: impl Into<String>,
        inputs: impl IntoIterator<Item = Input>,
    ) -> Result<BlockingBatch, SubmitError> {
        self.submit_batch(BatchRequest::new(workflow).inputs(inputs))
    }

    /// Submits one batch with options: every input becomes a run.
    ///
    /// # Errors
    ///
    /// As [`Engine::submit_batch`].
    pub fn submit_batch(&self, request: BatchRequest) -> Result<BlockingBatch, SubmitError> {
        let handle = self.block_on(self.engine.submit_batch(request))?;
        Ok(BlockingBatch::new(handle, Arc::clone(&self.runtime)))
    }

    /// A handle to a batch. Reads nothing: whether there is such a batch shows on first use.
    #[must_use]
    pub fn batch_handle(&self, id: BatchId) -> BlockingBatch {
        BlockingBatch::new(self.engine.batch_handle(id), Arc::clone(&self.runtime))
    }

    /// Reads a batch; `None` where there is none.
    ///
    /// # Errors
    ///
    /// As [`Engine::batch`].
    pub fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError> {
        self.block_on(self.engine.batch(id))
    }

    /// Lists batches, one page at a time.
    ///
    /// # Errors
    ///
    /// As [`Engine::batches`].
    pub fn batches(&self, query: BatchQuery) -> Result<Page<Batch>, StorageError> {
        self.block_on(self.engine.batches(query))
    }

    /// Reads a run, its output included; `None` where there is none.
    ///
    /// # Errors
    ///
    /// As [`Engine::run`].
    pub fn run(&self, id: RunId) -> Result<Option<Run>, StorageError> {
        self.block_on(self.engine.run(id))
    }

    /// Lists runs, one page at a time.
    ///
    /// # Errors
    ///
    /// As [`Engine::runs`].
    pub fn runs(&self, query: RunQuery) -> Result<Page<Run>, StorageError> {
        self.block_on(self.engine.runs(query))
    }

    /// Cancels a run. One that waits ends at once; one that is held is asked to stop.
    ///
    /// # Errors
    ///
    /// As [`Engine::cancel_run`].
    pub fn cancel_run(&self, id: RunId) -> Result<CancelReply, StorageError> {
        self.block_on(self.engine.cancel_run(id))
    }

    /// Cancels every run of a batch that has not ended.
    ///
    /// # Errors
    ///
    /// As [`Engine::cancel_batch`].
    pub fn cancel_batch(&self, id: BatchId) -> Result<CancelReply, StorageError> {
        self.block_on(self.engine.cancel_batch(id))
    }

    /// Approves a run in review: it ends as processed, with the output it has.
    ///
    /// # Errors
    ///
    /// As [`Engine::approve`].
    pub fn approve(&self, run: RunId) -> Result<(), ReviewError> {
        self.block_on(self.engine.approve(run))
    }

    /// Rejects a run in review: it ends as rejected, and keeps this note.
    ///
    /// # Errors
    ///
    /// As [`Engine::reject`].
    pub fn reject(&self, run: RunId, note: impl Into<Note>) -> Result<(), ReviewError> {
        self.block_on(self.engine.reject(run, note))
    }

    /// Records one answer to a run in review, with all that can be said beside it.
    ///
    /// # Errors
    ///
    /// As [`Engine::answer`].
    pub fn answer(&self, request: ReviewRequest) -> Result<(), ReviewError> {
        self.block_on(self.engine.answer(request))
    }

    /// Deletes a finished batch with all its runs.
    ///
    /// # Errors
    ///
    /// As [`Engine::delete_batch`].
    pub fn delete_batch(&self, id: BatchId) -> Result<Deletion, DeleteError> {
        self.block_on(self.engine.delete_batch(id))
    }

    /// Deletes a run that has ended.
    ///
    /// # Errors
    ///
    /// As [`Engine::delete_run`].
    pub fn delete_run(&self, id: RunId) -> Result<Deletion, DeleteError> {
        self.block_on(self.engine.delete_run(id))
    }

    /// Changes a run's name and members of its metadata.
    ///
    /// # Errors
    ///
    /// As [`Engine::update_run`].
    pub fn update_run(&self, id: RunId, update: RunUpdate) -> Result<Run, UpdateError> {
        self.block_on(self.engine.update_run(id, update))
    }

    /// Runs one run again, as a batch of its own.
    ///
    /// # Errors
    ///
    /// As [`Engine::retry_run`].
    pub fn retry_run(&self, id: RunId, options: RetryOptions) -> Result<BlockingBatch, RetryError> {
        let handle = self.block_on(self.engine.retry_run(id, options))?;
        Ok(BlockingBatch::new(handle, Arc::clone(&self.runtime)))
    }

    /// Runs the failed runs of a batch again, as a new batch.
    ///
    /// # Errors
    ///
    /// As [`Engine::retry_failed`].
    pub fn retry_failed(
        &self,
        id: BatchId,
        options: RetryOptions,
    ) -> Result<BlockingBatch, RetryError> {
        let handle = self.block_on(self.engine.retry_failed(id, options))?;
        Ok(BlockingBatch::new(handle, Arc::clone(&self.runtime)))
    }

    /// Deletes in the background what is older than the retention says, until the pruner or the
    /// last clone of this engine is dropped.
    pub fn start_pruner(&self, retention: Retention) -> Pruner {
        self.block_on(async { Pruner::start(&self.engine, retention) })
    }

    /// Closes the store for everybody who has it. Shut dispatchers down first.
    ///
    /// # Errors
    ///
    /// As [`Engine::close`].
    pub fn close(&self) -> Result<(), StorageError> {
        self.block_on(self.engine.close())
    }
}
