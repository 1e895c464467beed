use std::sync::Weak;
use std::time::Duration;

use batch_core::id::RunId;
use batch_core::run::Attempt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::held_runs::HeldRuns;
use crate::executor::RunProgress;

/// Pictures come no more often than this, however often executors report.
const PACE: Duration = Duration::from_millis(100);

/// What an attempt that goes on has reported last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// The attempt at it.
    pub attempt: Attempt,
    /// How far it has come.
    pub progress: RunProgress,
}

impl RunReport {
    pub(super) const fn new(run: RunId, attempt: Attempt, progress: RunProgress) -> Self {
        Self {
            run,
            attempt,
            progress,
        }
    }
}

/// Follows what the runs of a dispatcher report. See
/// [`Dispatcher::watch_progress`](super::Dispatcher::watch_progress).
#[derive(Debug)]
pub struct ProgressWatch {
    held: Weak<HeldRuns>,
    reports: watch::Receiver<u64>,
    /// The next picture comes no sooner.
    not_before: Instant,
}

impl ProgressWatch {
    pub(super) fn new(held: Weak<HeldRuns>, mut reports: watch::Receiver<u64>) -> Self {
        // What was reported before is new to this watch.
        if *reports.borrow() > 0 {
            reports.mark_changed();
        }
        Self {
            held,
            reports,
            not_before: Instant::now(),
        }
    }

    /// Waits until a run has reported since the last picture, and gives what all runs have
    /// reported last that are being executed, in the order of their claiming. At most ten times
    /// a second; what comes between is left out, and the last report is not.
    ///
    /// `None` once the dispatcher is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call gives the picture.
    pub async fn next(&mut self) -> Option<Vec<RunReport>> {
        if !self.reports.has_changed().ok()? {
            self.reports.changed().await.ok()?;
            self.reports.mark_changed();
        }
        sleep_until(self.not_before).await;
        let held = self.held.upgrade()?;
        self.reports.mark_unchanged();
        self.not_before = Instant::now() + PACE;
        Some(held.reports())
    }
}
