use batch_core::engine::SinkLag;
use batch_core::id::SinkName;
use batch_core::journal::Sequence;
use batch_core::time::{Moment, Timestamp};
use parking_lot::Mutex;

use super::{SinkActivity, SinkFailure, SinkStatus};
use crate::meter::{self, Metric};

/// Where the runner of a sink notes how it does, for whoever asks.
#[derive(Debug)]
pub(crate) struct SinkDesk {
    name: SinkName,
    notes: Mutex<Notes>,
}

#[derive(Debug)]
struct Notes {
    position: Sequence,
    /// Since when a delivery is under way.
    delivering: Option<Moment>,
    /// Whether it was said of this delivery that it takes long.
    said_long: bool,
    failures: u32,
    failing_since: Option<Timestamp>,
    last_failure: Option<SinkFailure>,
    stopped: bool,
}

impl SinkDesk {
    pub(super) fn new(name: SinkName, position: Sequence) -> Self {
        Self {
            name,
            notes: Mutex::new(Notes {
                position,
                delivering: None,
                said_long: false,
                failures: 0,
                failing_since: None,
                last_failure: None,
                stopped: false,
            }),
        }
    }

    /// Notes that a delivery has begun.
    pub(super) fn began(&self, now: Moment) {
        let mut notes = self.notes.lock();
        notes.delivering = Some(now);
        notes.said_long = false;
    }

    /// Notes that a delivery was taken.
    pub(super) fn taken(&self) {
        let mut notes = self.notes.lock();
        notes.delivering = None;
        notes.failures = 0;
        notes.failing_since = None;
    }

    /// Notes that a delivery failed.
    pub(super) fn failed(&self, error: String, now: Moment) {
        let mut notes = self.notes.lock();
        let at = now.wall;
        notes.delivering = None;
        notes.failures = notes.failures.saturating_add(1);
        notes.failing_since.get_or_insert(at);
        notes.last_failure = Some(SinkFailure { error, at });
        drop(notes);
        let label = [("sink", Some(self.name.as_str()))];
        meter::count(Metric::SinkFailures, &label, 1);
    }

    /// Notes how far the sink has come.
    pub(super) fn passed(&self, position: Sequence) {
        self.notes.lock().position = position;
    }

    /// Notes that nothing is delivered any more.
    pub(super) fn stopped(&self) {
        self.notes.lock().stopped = true;
    }

    /// How the sink does, of a journal that ends at `head`.
    pub(crate) fn status(&self, head: Sequence) -> SinkStatus {
        let notes = self.notes.lock();
        let activity = match (notes.delivering, notes.failing_since) {
            _ if notes.stopped => SinkActivity::Stopped,
            (_, Some(since)) => SinkActivity::Failing {
                since,
                failures: notes.failures,
            },
            (Some(began), None) => SinkActivity::Delivering { since: began.wall },
            (None, None) => SinkActivity::Idle,
        };
        SinkStatus {
            lag: SinkLag::new(self.name.clone(), notes.position, head),
            activity,
            last_failure: notes.last_failure.clone(),
        }
    }

    /// Measures how far it is behind, and warns once of a delivery that takes long.
    pub(crate) fn look(&self, head: Sequence, now: Moment, patience: std::time::Duration) {
        let mut notes = self.notes.lock();
        let behind = head.get().saturating_sub(notes.position.get());
        let label = [("sink", Some(self.name.as_str()))];
        meter::set(Metric::SinkLag, &label, behind as f64);
        let Some(began) = notes.delivering.filter(|_| !notes.said_long) else {
            return;
        };
        let since = now.uptime.saturating_sub(began.uptime);
        if since >= patience {
            notes.said_long = true;
            tracing::warn!(sink = %self.name, ?since, behind, "the sink has had the same events for long: it waits, hangs, or blocks its thread");
        }
    }
}
