use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::Engine;
use batch_core::kv::KvOptions;
use batch_core::memory::MemoryStorage;
use batch_core::request::Limits;
use batch_core::storage::{SinkStart, Storage};
use batch_core::time::ManualClock;

use super::TestEngine;
use super::counted_ids::CountedIds;
use crate::dispatcher::{
    Dispatcher, DispatcherBuilder, DispatcherOptions, StartError, WorkflowOptions,
};
use crate::executor::Executor;
use crate::retry::RetryPolicy;
use crate::sink::{EventSink, SinkOptions};

type Extend = Box<dyn FnOnce(DispatcherBuilder) -> DispatcherBuilder + Send>;

/// Gathers what a [`TestEngine`] has. Nothing happens before [`open`](Self::open).
#[derive(Default)]
#[must_use = "a builder does nothing until it opens an engine"]
pub struct TestEngineBuilder {
    storage: Option<Arc<dyn Storage>>,
    clock: ManualClock,
    limits: Limits,
    options: DispatcherOptions,
    parts: Vec<Extend>,
}

impl TestEngineBuilder {
    /// Executes the runs of a workflow, and deploys its version 1.
    pub fn workflow(self, name: impl Into<String>, executor: impl Executor) -> Self {
        self.workflow_with(name, WorkflowOptions::default(), executor)
    }

    /// Executes the runs of a workflow with options of its own.
    pub fn workflow_with(
        mut self,
        name: impl Into<String>,
        options: WorkflowOptions,
        executor: impl Executor,
    ) -> Self {
        let name = name.into();
        let part = |builder: DispatcherBuilder| builder.workflow_with(name, options, executor);
        self.parts.push(Box::new(part));
        self
    }

    /// Sends every event to a sink, from the beginning on.
    pub fn sink(self, name: impl Into<String>, sink: impl EventSink) -> Self {
        self.sink_with(name, SinkOptions::starting(SinkStart::Beginning), sink)
    }

    /// Sends some events to a sink. Progress is heard of when the clock has moved far enough.
    pub fn sink_with(
        mut self,
        name: impl Into<String>,
        options: SinkOptions,
        sink: impl EventSink,
    ) -> Self {
        let name = name.into();
        let part = |builder: DispatcherBuilder| builder.sink_with(name, options, sink);
        self.parts.push(Box::new(part));
        self
    }

    /// A store of the test's own, which reads the time from this clock.
    ///
    /// Without it, everything is kept in memory.
    pub fn storage(mut self, storage: Arc<dyn Storage>, clock: ManualClock) -> Self {
        self.storage = Some(storage);
        self.clock = clock;
        self
    }

    /// Sets how large a batch and its parts may be.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets when failed attempts are followed by another.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = policy;
        self
    }

    /// Sets how long an attempt may take, in tokio's time.
    pub fn run_timeout(mut self, limit: Duration) -> Self {
        self.options.run_timeout = Some(limit);
        self
    }

    /// Opens the engine.
    ///
    /// # Errors
    ///
    /// [`StartError`] where a name is no name or is used twice, or the store fails.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left behind but workflows that are deployed and sinks that are known.
    pub async fn open(self) -> Result<TestEngine, StartError> {
        let clock = self.clock;
        let storage = self.storage.unwrap_or_else(|| in_memory(&clock));
        let engine = Engine::builder()
            .limits(self.limits)
            .clock(Arc::new(clock.clone()))
            .batch_ids(Arc::new(CountedIds::default()))
            .open_shared(storage)
            .await?;
        let builder = Dispatcher::builder(&engine).options(self.options);
        let builder = self.parts.into_iter().fold(builder, |to, part| part(to));
        let work = builder.by_hand().await?;
        Ok(TestEngine::new(engine, clock, work))
    }
}

/// A store in memory that reads the time from this clock.
pub(super) fn in_memory(clock: &ManualClock) -> Arc<dyn Storage> {
    let mut options = KvOptions::default();
    options.clock = Arc::new(clock.clone());
    Arc::new(MemoryStorage::with_options(options))
}

impl fmt::Debug for TestEngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEngineBuilder")
            .field("options", &self.options)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
