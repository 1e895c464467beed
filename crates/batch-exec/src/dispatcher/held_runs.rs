use std::sync::Arc;

use batch_core::storage::{ClaimKey, ClaimToken, ClaimedRun, Renewal};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::ending::Ending;
use super::held_claim::HeldClaim;
use super::job::{Begun, Job};
use super::places::{Found, Places};
use super::progress_watch::{ProgressWatch, RunReport};
use crate::executor::{Board, RunProgress, RunStop, Seat};
use crate::meter::{self, Metric};

/// All claims that this process holds, each in exactly one place.
///
/// Whoever takes a claim out decides how it is settled: so the worker that
/// ended a run, a renewal that found it lost and a shutdown that gives it back
/// never all record something.
#[derive(Debug)]
pub(super) struct HeldRuns {
    places: Mutex<Places>,
    /// Wakes workers that wait for a run.
    arrived: Notify,
    /// How many workers are woken when runs arrive. Each that finds more than its own run wakes
    /// another: where runs end at once few workers do them all, and where not, all soon work.
    woken: usize,
    emptied: Notify,
    /// Counts the reports of executors.
    reports: watch::Sender<u64>,
}

/// How many runs are held, and in which phase.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeldCounts {
    pub(super) ready: usize,
    pub(super) executing: usize,
}

impl HeldRuns {
    /// `threads` says how many workers can work at the same time at most.
    pub(super) fn new(threads: usize) -> Self {
        Self {
            places: Mutex::new(Places::default()),
            arrived: Notify::new(),
            woken: threads.max(1),
            emptied: Notify::new(),
            reports: watch::Sender::new(0),
        }
    }

    /// Keeps claimed runs for the workers.
    pub(super) fn keep(&self, runs: Vec<ClaimedRun>, ready_since: Instant) {
        let woken = runs.len().min(self.woken);
        let jobs = runs.into_iter().map(|claimed| Job {
            claimed,
            ready_since,
        });
        self.places.lock().keep(jobs);
        for _ in 0..woken {
            self.arrived.notify_one();
        }
    }

    /// Seats the run that waits longest, and waits for one; `None` once no more will come.
    pub(super) async fn next(&self, seat: Seat) -> Option<Begun> {
        let mut has_waited = false;
        loop {
            // Made before the look, so that a closing in between is not missed.
            let arrived = self.arrived.notified();
            let stop = Arc::new(RunStop::default());
            let found = self.places.lock().begin(seat, stop);
            match found {
                Found::Run(begun) => {
                    if has_waited && begun.others > 0 {
                        self.arrived.notify_one();
                    }
                    return Some(begun);
                }
                Found::Nothing => arrived.await,
                Found::Closed => return None,
            }
            has_waited = true;
        }
    }

    /// Notes how much time the executor at a seat has.
    pub(super) fn allow(&self, seat: Seat, token: ClaimToken, allowance: Allowance) {
        self.places.lock().allow(seat, token, allowance);
    }

    /// Follows the reports of executors.
    pub(super) fn watch(self: &Arc<Self>) -> ProgressWatch {
        ProgressWatch::new(Arc::downgrade(self), self.reports.subscribe())
    }

    /// What executors have reported last.
    pub(super) fn reports(&self) -> Vec<RunReport> {
        self.places.lock().reports()
    }

    /// Takes out the claim of the run at a seat, and says how many runs wait.
    pub(super) fn take(&self, seat: Seat, token: ClaimToken) -> (Option<HeldClaim>, usize) {
        let mut places = self.places.lock();
        let taken = places.take(seat, token);
        let ready = places.ready();
        self.tell_if_empty(places);
        (taken, ready)
    }

    /// Lets no worker take another run, and takes out the claims of those that wait.
    pub(super) fn close(&self) -> Vec<HeldClaim> {
        let mut places = self.places.lock();
        let claims = places.close();
        self.tell_if_empty(places);
        self.arrived.notify_waiters();
        claims
    }

    /// Takes out all claims.
    pub(super) fn take_all(&self) -> Vec<HeldClaim> {
        let mut places = self.places.lock();
        let claims = places.take_all();
        self.tell_if_empty(places);
        claims
    }

    /// Takes out the claims of executors that should have come back by now, and ends their attempts.
    pub(super) fn take_overdue(&self, now: Instant) -> Vec<Ending> {
        let mut places = self.places.lock();
        let endings = places.take_overdue(now);
        self.tell_if_empty(places);
        endings
    }

    /// Tells all executors to stop.
    pub(super) fn stop_all(&self) {
        self.places.lock().stop_all();
    }

    /// All claims.
    pub(super) fn keys(&self) -> Vec<ClaimKey> {
        self.places.lock().keys()
    }

    /// Acts on what a renewal said of one claim; gives the claim where it is to be given back.
    ///
    /// A claim that is lost is forgotten. A run that is to be cancelled is told
    /// to stop, or given back where no executor has begun.
    pub(super) fn renewed(&self, token: ClaimToken, renewal: Renewal) -> Option<HeldClaim> {
        if matches!(renewal, Renewal::Kept) {
            return None;
        }
        let mut places = self.places.lock();
        let claim = match (renewal, places.stop_of(token)) {
            (Renewal::CancelAsked, Some(stop)) => {
                stop.tell();
                None
            }
            (Renewal::CancelAsked, None) => places.take_ready(token),
            _ => {
                if places.lose(token) {
                    meter::count(Metric::LeasesExpired, &[], 1);
                }
                None
            }
        };
        self.tell_if_empty(places);
        claim
    }

    /// How many there are, by phase.
    pub(super) fn counts(&self) -> HeldCounts {
        let places = self.places.lock();
        HeldCounts {
            ready: places.ready(),
            executing: places.executing(),
        }
    }

    /// Waits until there is none.
    pub(super) async fn emptied(&self) {
        loop {
            // Made before the look, so that nothing that leaves in between is missed.
            let emptied = self.emptied.notified();
            if self.counts().all() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn tell_if_empty(&self, places: MutexGuard<'_, Places>) {
        let is_empty = places.ready() + places.executing() == 0;
        drop(places);
        if is_empty {
            self.emptied.notify_waiters();
        }
    }
}

impl HeldCounts {
    pub(super) const fn all(self) -> usize {
        self.ready + self.executing
    }
}

impl Board for HeldRuns {
    fn report(&self, seat: Seat, token: ClaimToken, progress: RunProgress) {
        if self.places.lock().report(seat, token, progress) {
            self.reports.send_modify(|reports| *reports += 1);
        }
    }
}

#[cfg(test)]
mod tests;
