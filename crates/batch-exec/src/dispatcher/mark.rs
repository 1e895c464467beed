use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use batch_core::id::{RunId, WorkflowId};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::executor::RunContext;

/// What is watched of one worker, attempt after attempt.
#[derive(Debug)]
pub(super) struct Mark {
    sheet: Mutex<Sheet>,
    /// Since when the executor has a thread, in nanoseconds of the watchlist and at least 1; 0
    /// while it has none.
    on_thread: AtomicU64,
    /// Whether it was said that it keeps this thread.
    said_blocking: AtomicBool,
}

/// The attempt at hand.
#[derive(Debug)]
struct Sheet {
    /// `None` between two attempts.
    run: Option<RunId>,
    /// The last one's too, since the next is often of the same.
    workflow: Option<WorkflowId>,
    /// When it began.
    began: Instant,
    /// Whether a time limit ends it.
    limit: Option<Duration>,
    /// After which time it is said next that it is long, in milliseconds.
    say_long_after: u64,
}

/// Of which run something is told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) run: RunId,
    pub(super) workflow: WorkflowId,
    pub(super) time: Duration,
}

impl Mark {
    pub(super) fn new() -> Self {
        let sheet = Sheet {
            run: None,
            workflow: None,
            began: Instant::now(),
            limit: None,
            say_long_after: 0,
        };
        Self {
            sheet: Mutex::new(sheet),
            on_thread: AtomicU64::new(0),
            said_blocking: AtomicBool::new(false),
        }
    }

    /// Notes an attempt that began.
    pub(super) fn begin(&self, run: &RunContext, began: Instant, limit: Option<Duration>) {
        let mut sheet = self.sheet.lock();
        sheet.run = Some(run.id());
        if sheet.workflow.as_ref() != Some(run.workflow()) {
            sheet.workflow = Some(run.workflow().clone());
        }
        (sheet.began, sheet.limit, sheet.say_long_after) = (began, limit, 0);
    }

    /// Notes that the attempt is over.
    pub(super) fn end(&self) {
        self.sheet.lock().run = None;
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

    /// The attempt of which it is to be said that its executor keeps its thread: once for each
    /// time that it gets one.
    pub(super) fn said_blocking(&self, now: Duration, patience: Duration) -> Option<Told> {
        let sheet = self.sheet.lock();
        // Read under the lock, so that it is the time of this attempt and of no later one.
        let time = self.on_thread_for(now);
        if time < patience || self.said_blocking.swap(true, Ordering::Relaxed) {
            return None;
        }
        sheet.told(time)
    }

    /// The attempt at hand, to tell of it.
    pub(super) fn told(&self, time: Duration) -> Option<Told> {
        self.sheet.lock().told(time)
    }

    /// How long the attempt lasts that no time limit ends.
    pub(super) fn unlimited_for(&self, now: Instant) -> Option<Duration> {
        let sheet = self.sheet.lock();
        let is_unlimited = sheet.run.is_some() && sheet.limit.is_none();
        is_unlimited.then(|| now.saturating_duration_since(sheet.began))
    }

    /// The attempt where it is to be said that it is long: after `patience`, and each time that
    /// it has lasted twice as long.
    pub(super) fn said_long(&self, lasted: Duration, patience: Duration) -> Option<Told> {
        let mut sheet = self.sheet.lock();
        let (millis, patience) = (millis(lasted), millis(patience));
        if millis < sheet.say_long_after.max(patience) {
            return None;
        }
        sheet.say_long_after = millis.saturating_mul(2);
        sheet.told(lasted)
    }
}

impl Sheet {
    fn told(&self, time: Duration) -> Option<Told> {
        let (run, workflow) = (self.run?, self.workflow.clone()?);
        Some(Told {
            run,
            workflow,
            time,
        })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
