use std::collections::VecDeque;
use std::sync::Arc;

use batch_core::storage::{ClaimKey, ClaimToken};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::ending::Ending;
use super::held_claim::HeldClaim;
use super::job::{Begun, Job};
use super::progress_watch::RunReport;
use crate::executor::{RunProgress, RunStop, Seat};

/// Where each claim is: with a run that waits, or at the seat of the worker that executes it.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The oldest first.
    ready: VecDeque<Job>,
    seats: Vec<Place>,
    executing: usize,
    /// Workers get no more runs.
    is_closed: bool,
}

/// What is at a seat.
#[derive(Debug, Default)]
struct Place {
    held: Option<Held>,
    /// How much time the executor has; `None` where it has no limit.
    allowance: Option<Allowance>,
    /// What the executor has reported last.
    progress: Option<RunProgress>,
}

#[derive(Debug)]
struct Held {
    claim: HeldClaim,
    stop: Arc<RunStop>,
}

/// What a worker finds that looks for a run.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub(super) enum Found {
    /// A run to execute.
    Run(Begun),
    /// Nothing waits.
    Nothing,
    /// Nothing will come any more.
    Closed,
}

impl Place {
    fn is_of(&self, token: ClaimToken) -> bool {
        let held = self.held.as_ref();
        held.is_some_and(|held| held.claim.claim.key().token == token)
    }

    fn exceeds(&self, now: Instant) -> bool {
        let allowance = self.allowance.as_ref();
        allowance.is_some_and(|allowed| allowed.overdue_at <= now)
    }

    fn clear(&mut self) -> Option<Held> {
        self.allowance = None;
        self.progress = None;
        self.held.take()
    }

    fn report(&self) -> Option<RunReport> {
        let (claim, progress) = (&self.held.as_ref()?.claim.claim, self.progress.clone()?);
        Some(RunReport::new(claim.run(), claim.attempt(), progress))
    }
}

impl Places {
    /// Takes in runs that wait for a worker.
    pub(super) fn keep(&mut self, jobs: impl Iterator<Item = Job>) {
        self.ready.extend(jobs);
    }

    /// Seats the run that waits longest; `stop` is what will stop it.
    pub(super) fn begin(&mut self, seat: Seat, stop: Arc<RunStop>) -> Found {
        if self.is_closed {
            return Found::Closed;
        }
        let Some(job) = self.ready.pop_front() else {
            return Found::Nothing;
        };
        if self.seats.len() <= seat.0 {
            self.seats.resize_with(seat.0 + 1, Place::default);
        }
        let claim = HeldClaim::of(&job.claimed);
        let held = Held {
            claim,
            stop: Arc::clone(&stop),
        };
        self.seats[seat.0].held = Some(held);
        self.executing += 1;
        Found::Run(Begun {
            job,
            stop,
            others: self.ready.len(),
        })
    }

    /// Notes how much time the executor at a seat has.
    pub(super) fn allow(&mut self, seat: Seat, token: ClaimToken, allowance: Allowance) {
        if let Some(place) = self.at(seat, token) {
            place.allowance = Some(allowance);
        }
    }

    /// Keeps what the executor at a seat reports; whether its attempt goes on.
    pub(super) fn report(&mut self, seat: Seat, token: ClaimToken, said: RunProgress) -> bool {
        let place = self.at(seat, token);
        place.map(|place| place.progress = Some(said)).is_some()
    }

    /// Takes the claim of an attempt that ended from its seat; `None` where it was taken before.
    pub(super) fn take(&mut self, seat: Seat, token: ClaimToken) -> Option<HeldClaim> {
        let held = self.at(seat, token)?.clear()?;
        self.executing -= 1;
        Some(held.claim)
    }

    /// Takes the claim of a run that waits.
    pub(super) fn take_ready(&mut self, token: ClaimToken) -> Option<HeldClaim> {
        let place = self.ready.iter().position(|job| job.key().token == token)?;
        self.ready.remove(place).map(Job::into_claim)
    }

    /// What stops the executor of a claim, where one is at work.
    pub(super) fn stop_of(&self, token: ClaimToken) -> Option<&RunStop> {
        let place = self.seats.iter().find(|place| place.is_of(token))?;
        place.held.as_ref().map(|held| &*held.stop)
    }

    /// Forgets the claim of an executor at work, and tells it to stop.
    pub(super) fn lose(&mut self, token: ClaimToken) -> bool {
        let place = self.seats.iter_mut().find(|place| place.is_of(token));
        let Some(held) = place.and_then(Place::clear) else {
            return self.take_ready(token).is_some();
        };
        self.executing -= 1;
        held.stop.tell();
        true
    }

    /// Gives no more runs to workers, and takes the claims of those that wait.
    pub(super) fn close(&mut self) -> Vec<HeldClaim> {
        self.is_closed = true;
        self.ready.drain(..).map(Job::into_claim).collect()
    }

    /// Takes all claims, and tells the executors at work to stop.
    pub(super) fn take_all(&mut self) -> Vec<HeldClaim> {
        let ready = self.ready.drain(..).map(Job::into_claim);
        let executing = self.seats.iter_mut().filter_map(Place::clear);
        let told = executing.map(|held| {
            held.stop.tell();
            held.claim
        });
        let mut claims: Vec<_> = ready.chain(told).collect();
        self.executing = 0;
        claims.sort_unstable_by_key(|held| held.claim.key().token);
        claims
    }

    /// Takes the claims of executors that should have come back by now, and ends their attempts.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Vec<Ending> {
        let mut endings = Vec::new();
        for place in self.seats.iter_mut().filter(|place| place.exceeds(now)) {
            let allowance = place.allowance.take();
            if let (Some(held), Some(allowance)) = (place.clear(), allowance) {
                self.executing -= 1;
                endings.push(allowance.exceeded(held.claim));
            }
        }
        endings.sort_unstable_by_key(|ending| ending.key().token);
        endings
    }

    /// Tells all executors to stop.
    pub(super) fn stop_all(&self) {
        for held in self.seats.iter().filter_map(|place| place.held.as_ref()) {
            held.stop.tell();
        }
    }

    /// All claims, in the order of their granting, so that a simulation sees the same each time.
    pub(super) fn keys(&self) -> Vec<ClaimKey> {
        let held = self.seats.iter().filter_map(|place| place.held.as_ref());
        let executing = held.map(|held| held.claim.claim.key());
        let mut keys: Vec<_> = self.ready.iter().map(Job::key).chain(executing).collect();
        keys.sort_unstable_by_key(|key| key.token);
        keys
    }

    /// What executors have reported last, in the order of claiming.
    pub(super) fn reports(&self) -> Vec<RunReport> {
        let token = |place: &&Place| Some(place.held.as_ref()?.claim.claim.key().token);
        let mut places: Vec<_> = self.seats.iter().collect();
        places.sort_unstable_by_key(token);
        places.into_iter().filter_map(Place::report).collect()
    }

    /// How many runs wait.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// How many runs are executed.
    pub(super) const fn executing(&self) -> usize {
        self.executing
    }

    /// The place at a seat, where the claim is still there.
    fn at(&mut self, seat: Seat, token: ClaimToken) -> Option<&mut Place> {
        let place = self.seats.get_mut(seat.0);
        place.filter(|place| place.is_of(token))
    }
}
