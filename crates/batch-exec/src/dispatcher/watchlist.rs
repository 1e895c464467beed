use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use batch_core::storage::ClaimToken;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::mark::Mark;
use super::sentry::Sentry;
use super::{DispatcherOptions, WorkflowLabel};
use crate::executor::RunContext;
use crate::meter::{self, Metric};

/// The attempts that executors are at work on, and how they use their threads.
///
/// Looked at by a thread of its own, because executors that block every thread of the runtime
/// leave none for a task that could say so.
#[derive(Debug)]
pub(super) struct Watchlist {
    /// The time of threads is real time, also where a test pauses that of the runtime.
    start: std::time::Instant,
    blocking_after: Duration,
    long_after: Duration,
    label: WorkflowLabel,
    marks: Mutex<BTreeMap<ClaimToken, Arc<Mark>>>,
}

impl Watchlist {
    pub(super) fn new(options: &DispatcherOptions) -> Self {
        Self {
            start: std::time::Instant::now(),
            blocking_after: options.blocking_after,
            long_after: options.long_after,
            label: options.workflow_label,
            marks: Mutex::new(BTreeMap::new()),
        }
    }

    /// Puts an attempt on the list until the sentry is dropped.
    pub(super) fn watch(self: &Arc<Self>, run: &RunContext, limit: Option<Duration>) -> Sentry {
        let mark = Arc::new(Mark::new(run.id(), run.workflow().clone(), limit));
        self.marks.lock().insert(run.token(), Arc::clone(&mark));
        Sentry::new(Arc::clone(self), run.token(), mark)
    }

    /// Takes an attempt off the list.
    pub(super) fn forget(&self, token: ClaimToken) {
        self.marks.lock().remove(&token);
    }

    /// How long this list has been there, in real time.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// How often threads are worth looking at.
    pub(super) fn pace(&self) -> Duration {
        let quarter = self.blocking_after / 4;
        quarter.clamp(Duration::from_millis(5), Duration::from_secs(1))
    }

    /// How many executors keep their threads.
    pub(super) fn blocking(&self) -> usize {
        let now = self.now();
        let marks = self.marks.lock();
        let blocks = |mark: &&Arc<Mark>| mark.on_thread_for(now) >= self.blocking_after;
        marks.values().filter(blocks).count()
    }

    /// Warns of executors that keep their threads, once of each.
    pub(super) fn look_for_blocking(&self) {
        let now = self.now();
        let marks: Vec<_> = self.marks.lock().values().cloned().collect();
        for mark in marks {
            let time = mark.on_thread_for(now);
            if time < self.blocking_after || !mark.first_said_blocking() {
                continue;
            }
            let (batch, run, workflow) = (mark.run.batch(), mark.run, &mark.workflow);
            tracing::warn!(%batch, %run, %workflow, ?time, "an executor blocks a thread of the runtime, and whatever else is to run there waits for it");
        }
    }

    /// Tells that an executor that kept its thread has given it back.
    pub(super) fn gave_back(&self, mark: &Mark, time: Duration) {
        if time < self.blocking_after {
            return;
        }
        let label = [self.label.of(&mark.workflow)];
        meter::count(Metric::ExecutorBlocks, &label, 1);
        let (run, workflow) = (mark.run, &mark.workflow);
        tracing::info!(%run, %workflow, ?time, "an executor that blocked a thread has given it back");
    }

    /// Warns of attempts that last long and that no time limit ends; measures how many there are.
    pub(super) fn look_for_long(&self, now: Instant) {
        let marks: Vec<_> = self.marks.lock().values().cloned().collect();
        let mut long = 0;
        for mark in marks.iter().filter(|mark| mark.limit.is_none()) {
            let time = now.saturating_duration_since(mark.began);
            long += usize::from(time >= self.long_after);
            if mark.is_said_long(time, self.long_after) {
                let (batch, run, workflow) = (mark.run.batch(), mark.run, &mark.workflow);
                tracing::warn!(%batch, %run, %workflow, ?time, "an executor has not returned for long, and its workflow has no time limit");
            }
        }
        meter::set(Metric::LongAttempts, &[], long as f64);
        meter::set(Metric::ExecutorsBlocking, &[], self.blocking() as f64);
    }
}
