use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::mark::{Mark, Told};
use super::{DispatcherOptions, WorkflowLabel};
use crate::meter::{self, Metric};

/// The attempts that workers are at, and how their executors use their threads.
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
    marks: Mutex<Vec<Arc<Mark>>>,
}

impl Watchlist {
    pub(super) fn new(options: &DispatcherOptions) -> Self {
        Self {
            start: std::time::Instant::now(),
            blocking_after: options.blocking_after,
            long_after: options.long_after,
            label: options.workflow_label,
            marks: Mutex::default(),
        }
    }

    /// A mark for a worker, which is looked at from now on.
    pub(super) fn mark(&self) -> Arc<Mark> {
        let mark = Arc::new(Mark::new());
        self.marks.lock().push(Arc::clone(&mark));
        mark
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
        marks.iter().filter(blocks).count()
    }

    /// Warns of executors that keep their threads, once of each.
    pub(super) fn look_for_blocking(&self) {
        let (now, patience) = (self.now(), self.blocking_after);
        let marks = self.marks.lock().clone();
        let told = marks.iter().filter_map(|m| m.said_blocking(now, patience));
        for Told {
            run,
            workflow,
            time,
        } in told
        {
            let batch = run.batch();
            tracing::warn!(%batch, %run, %workflow, ?time, "an executor blocks a thread of the runtime, and whatever else is to run there waits for it");
        }
    }

    /// Tells that an executor that kept its thread has given it back.
    pub(super) fn gave_back(&self, mark: &Mark, time: Duration) {
        if time < self.blocking_after {
            return;
        }
        let Some(Told { run, workflow, .. }) = mark.told(time) else {
            return;
        };
        meter::count(Metric::ExecutorBlocks, &[self.label.of(&workflow)], 1);
        tracing::info!(%run, %workflow, ?time, "an executor that blocked a thread has given it back");
    }

    /// Warns of attempts that last long and that no time limit ends; measures how many there are.
    pub(super) fn look_for_long(&self, now: Instant) {
        let mut long = 0;
        let marks = self.marks.lock().clone();
        for mark in marks {
            let Some(time) = mark.unlimited_for(now) else {
                continue;
            };
            long += usize::from(time >= self.long_after);
            if let Some(told) = mark.said_long(time, self.long_after) {
                let Told { run, workflow, .. } = told;
                let batch = run.batch();
                tracing::warn!(%batch, %run, %workflow, ?time, "an executor has not returned for long, and its workflow has no time limit");
            }
        }
        meter::set(Metric::LongAttempts, &[], long as f64);
        meter::set(Metric::ExecutorsBlocking, &[], self.blocking() as f64);
    }
}
