use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::Engine;
use batch_core::id::{SinkName, WorkflowId};
use batch_core::storage::{SinkStart, WorkflowChange};
use tokio::sync::watch;

use super::pool::Pool;
use super::route::Route;
use super::stop::Stop;
use super::supervisor::Supervisor;
use super::{Dispatcher, DispatcherOptions, StartError, WorkflowOptions};
use crate::executor::Executor;
use crate::retry::{FinalFailures, RetryPolicy};
use crate::sink::{EventSink, SinkFilter, SinkOptions, SinkParts, SinkRunner};

/// Gathers what a [`Dispatcher`] executes and how. Nothing happens before [`start`](Self::start).
#[must_use = "a dispatcher does nothing before it is started"]
pub struct DispatcherBuilder {
    engine: Engine,
    options: DispatcherOptions,
    workflows: Vec<WorkflowSpec>,
    sinks: Vec<SinkSpec>,
}

struct WorkflowSpec {
    name: String,
    options: WorkflowOptions,
    executor: Arc<dyn Executor>,
}

struct SinkSpec {
    name: String,
    options: SinkOptions,
    sink: Arc<dyn EventSink>,
}

/// All that a dispatcher is made of, before anything runs.
pub(super) struct Prepared {
    pub(super) pool: Arc<Pool>,
    pub(super) sinks: Vec<SinkRunner>,
}

impl DispatcherBuilder {
    pub(super) fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
            options: DispatcherOptions::default(),
            workflows: Vec::new(),
            sinks: Vec::new(),
        }
    }

    /// Executes the runs of a workflow, all its versions. Deploys version 1 where none is deployed.
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
        self.workflows.push(WorkflowSpec {
            name: name.into(),
            options,
            executor: Arc::new(executor),
        });
        self
    }

    /// Sends every event to a sink, from its durable cursor on; `start` says
    /// where it begins if the store does not know its name yet.
    pub fn sink(self, name: impl Into<String>, start: SinkStart, sink: impl EventSink) -> Self {
        self.sink_with(name, SinkOptions::starting(start), sink)
    }

    /// Sends some events to a sink, from its durable cursor on. The cursor passes the others
    /// too, so a sink that wants more later does not hear of what has been.
    pub fn sink_with(
        mut self,
        name: impl Into<String>,
        options: SinkOptions,
        sink: impl EventSink,
    ) -> Self {
        self.sinks.push(SinkSpec {
            name: name.into(),
            options,
            sink: Arc::new(sink),
        });
        self
    }

    /// Sets all options at once.
    pub fn options(mut self, options: DispatcherOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets how many runs are executed at the same time.
    pub fn concurrency(mut self, runs: NonZeroUsize) -> Self {
        self.options.concurrency = runs;
        self
    }

    /// Sets the most runs that are claimed ahead of the workers.
    pub fn prefetch(mut self, runs: usize) -> Self {
        self.options.prefetch = runs;
        self
    }

    /// Sets how long an attempt may take.
    pub fn run_timeout(mut self, limit: Duration) -> Self {
        self.options.run_timeout = Some(limit);
        self
    }

    /// Sets when failed attempts are followed by another.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = policy;
        self
    }

    /// Sets how long a claim lasts unless it is renewed.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.options.lease = lease;
        self
    }

    /// Sets how long a shutdown waits for executors before it tells them to stop.
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.options.shutdown_grace = grace;
        self
    }

    /// Sets how long an executor that was told to stop may take before it is dropped.
    pub fn cancel_grace(mut self, grace: Duration) -> Self {
        self.options.cancel_grace = grace;
        self
    }

    /// Prepares the store and begins to work, on the runtime of the caller.
    ///
    /// # Errors
    ///
    /// [`StartError`] where a name is no name or is used twice, or the store fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future starts nothing; some workflows may be deployed and
    /// some sinks known to the store by then, which repeating it does not mind.
    pub async fn start(self) -> Result<Dispatcher, StartError> {
        let Prepared { pool, sinks } = self.prepare().await?;
        let (stop, told) = watch::channel(Stop::No);
        let mut supervisor = Supervisor::start(Arc::clone(&pool), told);
        for sink in sinks {
            supervisor.start_sink(sink);
        }
        let supervisor = tokio::spawn(supervisor.supervise());
        Ok(Dispatcher::new(pool, stop, supervisor))
    }

    /// Checks the names, prepares the store, and starts nothing.
    pub(super) async fn prepare(self) -> Result<Prepared, StartError> {
        let Self {
            engine,
            options,
            workflows,
            sinks,
        } = self;
        let storage = Arc::clone(engine.storage());
        let clock = Arc::clone(engine.clock());
        let routes = routes(workflows, &options)?;
        let sinks = named(sinks)?;
        let filter = |spec: &SinkSpec| SinkFilter::of(&spec.options);
        let filters: Vec<_> = sinks.values().map(filter).collect::<Result<_, _>>()?;
        for workflow in routes.keys() {
            let change = WorkflowChange::EnsureDeployed;
            storage.change_workflow(workflow.clone(), change).await?;
        }
        let mut runners = Vec::with_capacity(sinks.len());
        for ((name, SinkSpec { options, sink, .. }), filter) in sinks.into_iter().zip(filters) {
            let position = storage.open_sink(name.clone(), options.start).await?;
            let parts = SinkParts {
                name,
                sink,
                filter,
                storage: Arc::clone(&storage),
                clock: Arc::clone(&clock),
            };
            runners.push(SinkRunner::new(parts, position));
        }
        let desks = runners.iter().map(SinkRunner::desk).collect();
        Ok(Prepared {
            pool: Arc::new(Pool::new(engine, options, routes, desks)),
            sinks: runners,
        })
    }
}

/// Who executes what.
fn routes(
    specs: Vec<WorkflowSpec>,
    defaults: &DispatcherOptions,
) -> Result<BTreeMap<WorkflowId, Arc<Route>>, StartError> {
    let mut routes = BTreeMap::new();
    for spec in specs {
        let workflow = WorkflowId::new(&spec.name)?;
        let Entry::Vacant(vacant) = routes.entry(workflow.clone()) else {
            return Err(StartError::DuplicateWorkflow(workflow));
        };
        vacant.insert(Arc::new(Route {
            executor: spec.executor,
            retry: spec.options.retry.unwrap_or(defaults.retry),
            run_timeout: spec.options.run_timeout.or(defaults.run_timeout),
            snoozes: spec.options.snoozes.unwrap_or(defaults.snoozes),
            final_failures: FinalFailures(spec.options.final_failures),
        }));
    }
    Ok(routes)
}

/// The sinks under their checked names.
fn named(specs: Vec<SinkSpec>) -> Result<BTreeMap<SinkName, SinkSpec>, StartError> {
    let mut sinks = BTreeMap::new();
    for spec in specs {
        let name = SinkName::new(&spec.name)?;
        let Entry::Vacant(vacant) = sinks.entry(name.clone()) else {
            return Err(StartError::DuplicateSink(name));
        };
        vacant.insert(spec);
    }
    Ok(sinks)
}

impl fmt::Debug for DispatcherBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workflows: Vec<&str> = self.workflows.iter().map(|w| &*w.name).collect();
        let sinks: Vec<&str> = self.sinks.iter().map(|s| &*s.name).collect();
        f.debug_struct("DispatcherBuilder")
            .field("options", &self.options)
            .field("workflows", &workflows)
            .field("sinks", &sinks)
            .finish_non_exhaustive()
    }
}
