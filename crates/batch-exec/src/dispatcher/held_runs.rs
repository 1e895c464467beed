use std::collections::BTreeMap;
use std::sync::Arc;

use batch_core::storage::{ClaimKey, ClaimToken, Renewal};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::ending::Ending;
use super::held_claim::HeldClaim;
use super::progress_watch::{ProgressWatch, RunReport};
use crate::executor::{Board, RunProgress, RunStop};
use crate::meter::{self, Metric};

/// All claims that this process holds, each in exactly one place.
///
/// Whoever takes a claim out decides how it is settled: so the worker that
/// ended a run, a renewal that found it lost and a shutdown that gives it back
/// never all record something.
#[derive(Debug)]
pub(super) struct HeldRuns {
    /// In the order of their granting, so that a simulation sees the same each time.
    runs: Mutex<BTreeMap<ClaimToken, Held>>,
    left: Notify,
    /// Counts the reports of executors.
    reports: watch::Sender<u64>,
}

#[derive(Debug)]
struct Held {
    claim: HeldClaim,
    stop: Arc<RunStop>,
    phase: Phase,
    /// What its executor has reported last.
    progress: Option<RunProgress>,
}

impl Held {
    /// What it was allowed, where it has exceeded that.
    fn exceeded(&self, now: Instant) -> Option<Allowance> {
        match self.phase {
            Phase::Executing(allowance) => allowance.filter(|allowed| allowed.overdue_at <= now),
            Phase::Ready => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Waits for a worker.
    Ready,
    /// An executor works on it, with so much time or without limit.
    Executing(Option<Allowance>),
}

/// How many runs are held, and in which phase.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeldCounts {
    pub(super) ready: usize,
    pub(super) executing: usize,
}

impl HeldRuns {
    pub(super) fn new() -> Self {
        Self {
            runs: Mutex::new(BTreeMap::new()),
            left: Notify::new(),
            reports: watch::Sender::new(0),
        }
    }

    /// Keeps a claim. `stop` tells its executor to stop.
    pub(super) fn keep(&self, claim: HeldClaim, stop: Arc<RunStop>) {
        let token = claim.claim.key().token;
        let phase = Phase::Ready;
        let held = Held {
            claim,
            stop,
            phase,
            progress: None,
        };
        self.runs.lock().insert(token, held);
    }

    /// Follows the reports of executors.
    pub(super) fn watch(self: &Arc<Self>) -> ProgressWatch {
        ProgressWatch::new(Arc::downgrade(self), self.reports.subscribe())
    }

    /// What executors have reported last.
    pub(super) fn reports(&self) -> Vec<RunReport> {
        let runs = self.runs.lock();
        let report = |held: &Held| {
            let claim = &held.claim.claim;
            let (run, attempt) = (claim.run(), claim.attempt());
            Some(RunReport::new(run, attempt, held.progress.clone()?))
        };
        runs.values().filter_map(report).collect()
    }

    /// Marks a run as begun; `None` where its claim has been taken out meanwhile.
    pub(super) fn begin(
        &self,
        token: ClaimToken,
        allowance: Option<Allowance>,
    ) -> Option<Arc<RunStop>> {
        let mut runs = self.runs.lock();
        let held = runs.get_mut(&token)?;
        held.phase = Phase::Executing(allowance);
        Some(Arc::clone(&held.stop))
    }

    /// Takes one claim out.
    pub(super) fn take(&self, token: ClaimToken) -> Option<HeldClaim> {
        let taken = self.runs.lock().remove(&token);
        self.left.notify_waiters();
        taken.map(|held| held.claim)
    }

    /// Takes out the claims that no executor has begun.
    pub(super) fn take_ready(&self) -> Vec<HeldClaim> {
        self.take_where(|held| matches!(held.phase, Phase::Ready))
    }

    /// Takes out all claims.
    pub(super) fn take_all(&self) -> Vec<HeldClaim> {
        self.take_where(|_| true)
    }

    /// Takes out the claims of executors that should have come back by now, and ends their attempts.
    pub(super) fn take_overdue(&self, now: Instant) -> Vec<Ending> {
        let mut runs = self.runs.lock();
        let endings = runs
            .extract_if(.., |_, held| held.exceeded(now).is_some())
            .filter_map(|(_, held)| Some(held.exceeded(now)?.exceeded(held.claim)))
            .collect();
        drop(runs);
        self.left.notify_waiters();
        endings
    }

    fn take_where(&self, which: impl Fn(&Held) -> bool) -> Vec<HeldClaim> {
        let mut runs = self.runs.lock();
        let taken = runs.extract_if(.., |_, held| which(held));
        let claims = taken
            .map(|(_, held)| {
                held.stop.tell();
                held.claim
            })
            .collect();
        drop(runs);
        self.left.notify_waiters();
        claims
    }

    /// Tells all executors to stop.
    pub(super) fn stop_all(&self) {
        for held in self.runs.lock().values() {
            held.stop.tell();
        }
    }

    /// All claims.
    pub(super) fn keys(&self) -> Vec<ClaimKey> {
        let runs = self.runs.lock();
        runs.values().map(|held| held.claim.claim.key()).collect()
    }

    /// Acts on what a renewal said of one claim; gives the claim where it is to be given back.
    ///
    /// A claim that is lost is forgotten. A run that is to be cancelled is told
    /// to stop, or given back where no executor has begun.
    pub(super) fn renewed(&self, token: ClaimToken, renewal: Renewal) -> Option<HeldClaim> {
        let mut runs = self.runs.lock();
        let held = runs.get(&token)?;
        match (renewal, held.phase) {
            (Renewal::Kept, _) => None,
            (Renewal::CancelAsked, Phase::Executing(_)) => {
                held.stop.tell();
                None
            }
            (Renewal::CancelAsked, Phase::Ready) => {
                let claim = runs.remove(&token).map(|held| held.claim);
                self.left.notify_waiters();
                claim
            }
            _ => {
                meter::count(Metric::LeasesExpired, &[], 1);
                held.stop.tell();
                runs.remove(&token);
                self.left.notify_waiters();
                None
            }
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.runs.lock().len()
    }

    /// How many there are, by phase.
    pub(super) fn counts(&self) -> HeldCounts {
        let runs = self.runs.lock();
        let ready = |held: &&Held| matches!(held.phase, Phase::Ready);
        let ready = runs.values().filter(ready).count();
        HeldCounts {
            ready,
            executing: runs.len() - ready,
        }
    }

    /// Waits until there is none.
    pub(super) async fn emptied(&self) {
        loop {
            // Made before the look, so that nothing that leaves in between is missed.
            let left = self.left.notified();
            if self.len() == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Board for HeldRuns {
    fn report(&self, token: ClaimToken, progress: RunProgress) {
        match self.runs.lock().get_mut(&token) {
            Some(held) => held.progress = Some(progress),
            // Its attempt is over.
            None => return,
        }
        self.reports.send_modify(|reports| *reports += 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use batch_core::id::{BatchId, RunId, WorkflowId};
    use batch_core::ordinal::Ordinal;
    use batch_core::run::Attempt;
    use batch_core::storage::Claim;
    use batch_core::time::Timestamp;

    use super::*;
    use crate::retry::RetryPolicy;

    fn token(number: u64) -> ClaimToken {
        ClaimToken::new(number)
    }

    /// Holds claims with the tokens 1 to `count`, and gives what stops them.
    fn holding(count: u64) -> (HeldRuns, Vec<Arc<RunStop>>) {
        let held = HeldRuns::new();
        let keep = |number| {
            let run = RunId::new(BatchId::generate(), Ordinal::new(0));
            let token = token(number);
            let stop = Arc::new(RunStop::default());
            let claim = Claim::new(ClaimKey { run, token }, Attempt::FIRST);
            let workflow = WorkflowId::new("w").unwrap();
            held.keep(HeldClaim { claim, workflow }, Arc::clone(&stop));
            stop
        };
        let stops = (1..=count).map(keep).collect();
        (held, stops)
    }

    #[test]
    fn a_claim_can_be_taken_out_once() {
        let (held, _) = holding(1);
        assert!(held.take(token(1)).is_some());
        assert!(held.take(token(1)).is_none());
    }

    #[test]
    fn a_lost_claim_stops_its_executor_and_leaves_nothing_to_settle() {
        let (held, stops) = holding(1);
        held.begin(token(1), None);
        assert!(held.renewed(token(1), Renewal::Lost).is_none());
        assert!(stops[0].is_told());
        assert!(held.take(token(1)).is_none());
    }

    #[test]
    fn a_run_cancelled_before_it_began_is_given_back_and_never_begins() {
        let (held, _) = holding(1);
        assert!(held.renewed(token(1), Renewal::CancelAsked).is_some());
        assert!(held.begin(token(1), None).is_none());
    }

    #[test]
    fn a_run_cancelled_while_it_executes_is_told_and_stays() {
        let (held, stops) = holding(1);
        held.begin(token(1), None);
        assert!(held.renewed(token(1), Renewal::CancelAsked).is_none());
        assert!(stops[0].is_told());
        assert!(held.take(token(1)).is_some());
    }

    #[test]
    fn only_what_no_executor_began_is_given_back_at_once() {
        let (held, _) = holding(2);
        held.begin(token(2), None);
        let ready = held.take_ready();
        assert_eq!(ready.len(), 1);
        assert_eq!(ready[0].claim.key().token, token(1));
        assert_eq!(held.counts().executing, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_executor_is_overdue_from_its_time_on() {
        let (held, _) = holding(2);
        let later = Instant::now() + Duration::from_secs(1);
        let allowance = Allowance {
            overdue_at: later,
            limit: Duration::from_secs(1),
            started_at: Timestamp::UNIX_EPOCH,
            retry: RetryPolicy::default(),
        };
        held.begin(token(1), Some(allowance));
        held.begin(token(2), None);
        assert!(held.take_overdue(Instant::now()).is_empty());
        assert_eq!(held.take_overdue(later).len(), 1);
        assert_eq!(held.len(), 1);
    }
}
