use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use batch_core::id::{RunId, WorkflowId};
use tokio::time::Instant;

/// What is watched of one attempt while its executor is at work.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) run: RunId,
    pub(super) workflow: WorkflowId,
    /// When it began.
    pub(super) began: Instant,
    /// Whether a time limit ends it.
    pub(super) limit: Option<Duration>,
    /// Since when the executor has a thread, in nanoseconds of the watchlist and at least 1; 0
    /// while it has none.
    on_thread: AtomicU64,
    /// Whether it was said that it keeps this thread.
    said_blocking: AtomicBool,
    /// After which time it is said next that it is long, in milliseconds.
    say_long_after: AtomicU64,
}

impl Mark {
    pub(super) fn new(run: RunId, workflow: WorkflowId, limit: Option<Duration>) -> Self {
        Self {
            run,
            workflow,
            began: Instant::now(),
            limit,
            on_thread: AtomicU64::new(0),
            said_blocking: AtomicBool::new(false),
            say_long_after: AtomicU64::new(0),
        }
    }

    /// Notes that the executor has got a thread.
    pub(super) fn entered(&self, now: Duration) {
        self.said_blocking.store(false, Ordering::Relaxed);
        self.on_thread.store(nanos(now).max(1), Ordering::Release);
    }

    /// Notes that the executor has given the thread back; how long it had it.
    pub(super) fn left(&self, now: Duration) -> Duration {
        let since = self.on_thread.swap(0, Ordering::AcqRel);
        Duration::from_nanos(nanos(now).saturating_sub(since))
    }

    /// How long the executor has had the thread that it has.
    pub(super) fn on_thread_for(&self, now: Duration) -> Duration {
        match self.on_thread.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            since => Duration::from_nanos(nanos(now).saturating_sub(since)),
        }
    }

    /// Whether it is to be said that it keeps its thread: once for each time that it gets one.
    pub(super) fn first_said_blocking(&self) -> bool {
        !self.said_blocking.swap(true, Ordering::Relaxed)
    }

    /// Whether it is to be said that the attempt is long: after `patience`, and each time that
    /// it has lasted twice as long.
    pub(super) fn is_said_long(&self, lasted: Duration, patience: Duration) -> bool {
        let lasted = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
        let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let after = self.say_long_after.load(Ordering::Relaxed).max(patience);
        if lasted < after {
            return false;
        }
        let next = lasted.saturating_mul(2);
        self.say_long_after.store(next, Ordering::Relaxed);
        true
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
