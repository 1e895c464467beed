use std::num::NonZeroUsize;
use std::sync::Arc;

use batch_core::engine::Engine;
use batch_core::storage::SinkStart;

use super::runtime_thread::RuntimeThread;
use super::{BlockingDispatcher, blocking_fn};
use crate::dispatcher::{
    Dispatcher, DispatcherBuilder, DispatcherOptions, StartError, WorkflowOptions,
};
use crate::executor::{ExecutorError, Outcome, RunContext};
use crate::sink::{EventSink, SinkOptions};

/// Gathers what a [`BlockingDispatcher`] executes and how. Nothing happens before
/// [`start`](Self::start).
#[derive(Debug)]
#[must_use = "a dispatcher does nothing before it is started"]
pub struct BlockingDispatcherBuilder {
    builder: DispatcherBuilder,
    runtime: Arc<RuntimeThread>,
}

impl BlockingDispatcherBuilder {
    pub(super) fn new(engine: &Engine, runtime: Arc<RuntimeThread>) -> Self {
        let builder = Dispatcher::builder(engine);
        Self { builder, runtime }
    }

    fn with(self, change: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder) -> Self {
        let Self { builder, runtime } = self;
        let builder = change(builder);
        Self { builder, runtime }
    }

    /// Executes the runs of a workflow with a function that may block, all its versions.
    /// Deploys version 1 where none is deployed. For what to keep to: [`blocking_fn`].
    pub fn workflow<F>(self, name: impl Into<String>, function: F) -> Self
    where
        F: Fn(RunContext) -> Result<Outcome, ExecutorError> + Send + Sync + 'static,
    {
        self.workflow_with(name, WorkflowOptions::default(), function)
    }

    /// Executes the runs of a workflow with options of its own.
    pub fn workflow_with<F>(
        self,
        name: impl Into<String>,
        options: WorkflowOptions,
        function: F,
    ) -> Self
    where
        F: Fn(RunContext) -> Result<Outcome, ExecutorError> + Send + Sync + 'static,
    {
        self.with(|builder| builder.workflow_with(name, options, blocking_fn(function)))
    }

    /// Sends every event to a sink, such as a closure `|event: &Event|`.
    ///
    /// It is called on the runtime's one thread: one that blocks holds up the dispatcher,
    /// unless it is made with [`blocking_sink`](crate::sink::blocking_sink).
    pub fn sink(self, name: impl Into<String>, start: SinkStart, sink: impl EventSink) -> Self {
        self.with(|builder| builder.sink(name, start, sink))
    }

    /// Sends some events to a sink, from its durable cursor on.
    pub fn sink_with(
        self,
        name: impl Into<String>,
        options: SinkOptions,
        sink: impl EventSink,
    ) -> Self {
        self.with(|builder| builder.sink_with(name, options, sink))
    }

    /// Sets all options at once.
    pub fn options(self, options: DispatcherOptions) -> Self {
        self.with(|builder| builder.options(options))
    }

    /// Sets how many runs are executed at the same time.
    ///
    /// All dispatchers of one [`BlockingEngine`](super::BlockingEngine) have 512 threads
    /// between them; a run past that waits for one while its time already counts.
    pub fn concurrency(self, runs: NonZeroUsize) -> Self {
        self.with(|builder| builder.concurrency(runs))
    }

    /// Prepares the store and begins to work.
    ///
    /// # Errors
    ///
    /// As [`DispatcherBuilder::start`].
    pub fn start(self) -> Result<BlockingDispatcher, StartError> {
        let Self { builder, runtime } = self;
        let dispatcher = runtime.block_on(builder.start())?;
        Ok(BlockingDispatcher::new(dispatcher, runtime))
    }
}
