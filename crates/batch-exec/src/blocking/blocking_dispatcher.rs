use std::sync::Arc;

use batch_core::storage::StorageError;

use super::runtime_thread::RuntimeThread;
use crate::dispatcher::{Dispatcher, DispatcherError, DispatcherStatus};
use crate::sink::SinkStatus;

/// A [`Dispatcher`] that works in the background of a host without a runtime.
///
/// One that is dropped gives its claims back in the background, as a dropped
/// [`Dispatcher`] does. A process that ends right then may be too early for that.
#[derive(Debug)]
pub struct BlockingDispatcher {
    /// `None` once it is shut down.
    dispatcher: Option<Dispatcher>,
    runtime: Arc<RuntimeThread>,
}

impl BlockingDispatcher {
    pub(super) const fn new(dispatcher: Dispatcher, runtime: Arc<RuntimeThread>) -> Self {
        Self {
            dispatcher: Some(dispatcher),
            runtime,
        }
    }

    /// What it is doing at this moment.
    #[must_use]
    pub fn status(&self) -> DispatcherStatus {
        let dispatcher = self.dispatcher.as_ref();
        dispatcher
            .expect("only what takes the dispatcher by value takes it out")
            .status()
    }

    /// How its sinks do, by name: how far behind each is, and what failed.
    ///
    /// # Errors
    ///
    /// As [`Dispatcher::sinks`].
    pub fn sinks(&self) -> Result<Vec<SinkStatus>, StorageError> {
        let dispatcher = self.dispatcher.as_ref();
        let dispatcher = dispatcher.expect("only what takes the dispatcher by value takes it out");
        self.runtime.block_on(dispatcher.sinks())
    }

    /// Stops claiming, lets executors end within the grace, and gives back the rest.
    ///
    /// # Errors
    ///
    /// As [`Dispatcher::shutdown`].
    pub fn shutdown(mut self) -> Result<(), DispatcherError> {
        let dispatcher = self.dispatcher.take();
        dispatcher.map_or(Ok(()), |dispatcher| {
            self.runtime.block_on(dispatcher.shutdown())
        })
    }

    /// Drops what runs and gives it back, without waiting for executors or sinks.
    ///
    /// # Errors
    ///
    /// As [`Dispatcher::shutdown_now`].
    pub fn shutdown_now(mut self) -> Result<(), DispatcherError> {
        let dispatcher = self.dispatcher.take();
        dispatcher.map_or(Ok(()), |dispatcher| {
            self.runtime.block_on(dispatcher.shutdown_now())
        })
    }
}

impl Drop for BlockingDispatcher {
    fn drop(&mut self) {
        if let Some(dispatcher) = self.dispatcher.take() {
            Arc::clone(&self.runtime).finish(dispatcher.shutdown_now());
        }
    }
}
