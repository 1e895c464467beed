use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::id::WorkflowId;
use batch_core::journal::Sequence;
use batch_core::storage::{
    ClaimRequest, Claimed, ClaimedRun, ErrorKind, PatientClaims, StorageError,
};
use tokio::time::{Instant, sleep};
use tracing::{Instrument, Span, field};

use super::pool::Pool;
use crate::retry::Backoff;

/// The shortest wait for a due time, so that a clock that stands still makes no busy loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// A claim has patience until this long before the next due time, which by itself would be a
/// reason to answer it at once.
const BEFORE_DUE: Duration = Duration::from_millis(10);

/// Claims runs for the workers, until it is told to stop or the store fails.
///
/// A claim under way when it is told to stop is waited for, so that no claim is
/// granted that nobody holds. One that waits in the store is dropped: the store
/// gives back what it was granted.
pub(super) async fn feed(pool: Arc<Pool>) {
    let mut feeder = Feeder::new(pool);
    let stop = feeder.pool.no_more_claims.clone();
    loop {
        let room = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            room = feeder.pool.room() => room,
        };
        let idle = match feeder.claim(room).await {
            Ok(Fed::Runs) => continue,
            Ok(Fed::Nothing { next_due }) => feeder.idle(room, next_due),
            Err(error) => match feeder.after(error) {
                Some(wait) => Idle::Looks(Some(wait)),
                None => return,
            },
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = feeder.wait(idle) => {}
        }
    }
}

/// How to wait where nothing is claimable.
enum Idle {
    /// The store is asked to let a claim wait.
    Claims(ClaimRequest),
    /// The journal is looked at, for so long at most.
    Looks(Option<Duration>),
}

/// Tells of a run that was claimed.
fn tell(claimed: &ClaimedRun) {
    let (run, workflow) = (claimed.claim.run(), &claimed.workflow);
    let (batch, attempt) = (run.batch(), claimed.claim.attempt().get());
    tracing::debug!(%batch, %run, %workflow, attempt, "claimed");
}

/// What a claim brought.
enum Fed {
    Runs,
    Nothing { next_due: Option<Duration> },
}

struct Feeder {
    pool: Arc<Pool>,
    workflows: Vec<WorkflowId>,
    /// The journal's last entry when it was last looked at.
    seen: Sequence,
    backoff: Backoff,
}

impl Feeder {
    fn new(pool: Arc<Pool>) -> Self {
        Self {
            workflows: pool.routes.keys().cloned().collect(),
            pool,
            seen: Sequence::START,
            backoff: Backoff::of_storage(),
        }
    }

    fn request(&self, room: NonZeroU32) -> ClaimRequest {
        let mut request = ClaimRequest::new(self.workflows.clone(), room);
        request.lease = self.pool.options.lease;
        request
    }

    /// Claims at most `room` runs and hands them to the workers.
    async fn claim(&mut self, room: NonZeroU32) -> Result<Fed, StorageError> {
        let asked = Instant::now();
        let span = tracing::debug_span!("claim", room, claimed = field::Empty);
        let claimed = self.pool.storage.claim(self.request(room));
        let claimed = claimed.instrument(span.clone()).await?;
        self.pool.window.claimed_in(asked.elapsed());
        span.in_scope(|| self.hand_over(claimed, room))
    }

    /// Hands what a claim brought to the workers.
    fn hand_over(&mut self, claimed: Claimed, room: NonZeroU32) -> Result<Fed, StorageError> {
        let Claimed { runs, next_due, .. } = claimed;
        Span::current().record("claimed", runs.len());
        runs.iter().for_each(tell);
        self.backoff.succeeded();
        if runs.is_empty() {
            return Ok(Fed::Nothing { next_due });
        }
        let got_all = u32::try_from(runs.len()).is_ok_and(|got| got >= room.get());
        if got_all && self.pool.held.counts().ready == 0 {
            self.pool.window.ran_dry();
        }
        take_in(&self.pool, runs)?;
        Ok(Fed::Runs)
    }

    /// How to wait, where time alone may make a run claimable after so long.
    ///
    /// A claim waits for half a lease at most: so the leases that others renew are no reason to
    /// answer it.
    fn idle(&self, room: NonZeroU32, next_due: Option<Duration>) -> Idle {
        let most = self.pool.options.lease / 2;
        let patience = next_due.map_or(most, |due| due.saturating_sub(BEFORE_DUE).min(most));
        let waits = self.pool.storage.description().patient_claims == PatientClaims::Wait;
        match waits && !patience.is_zero() {
            true => {
                let mut request = self.request(room);
                request.patience = patience;
                Idle::Claims(request)
            }
            false => Idle::Looks(next_due),
        }
    }

    /// Waits until something may be claimable, or was claimed.
    async fn wait(&mut self, idle: Idle) {
        match idle {
            Idle::Claims(request) => self.claim_in_time(request).await,
            Idle::Looks(wait) => self.news(wait).await,
        }
    }

    /// Lets a claim wait in the store until its patience ends.
    async fn claim_in_time(&mut self, request: ClaimRequest) {
        let (room, patience) = (request.limit, request.patience);
        let span = tracing::debug_span!("claim", room, claimed = field::Empty);
        let claimed = tokio::select! {
            biased;
            claimed = self.pool.storage.claim(request) => claimed,
            () = sleep(patience) => return,
        };
        let fed = claimed.and_then(|claimed| span.in_scope(|| self.hand_over(claimed, room)));
        if let Err(error) = fed
            && let Some(wait) = self.after(error)
        {
            sleep(wait).await;
        }
    }

    /// Waits until something may be claimable: the journal grew, or a time came.
    async fn news(&mut self, next_due: Option<Duration>) {
        let due = async {
            match next_due {
                Some(wait) => sleep(wait.max(SHORTEST_WAIT)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = due => {}
            seen = self.pool.storage.wait(self.seen) => match seen {
                Ok(seen) => self.seen = seen,
                Err(error) => if let Some(wait) = self.after(error) {
                    sleep(wait).await;
                }
            },
        }
    }

    /// How long to wait after an error; `None` where waiting does not help.
    fn after(&mut self, error: StorageError) -> Option<Duration> {
        if !error.is_retryable() {
            self.pool.fail("claim runs", error);
            return None;
        }
        let wait = self.backoff.failed();
        tracing::warn!(%error, ?wait, "could not claim runs, trying again");
        Some(wait)
    }
}

/// Keeps claimed runs for the workers.
pub(super) fn take_in(pool: &Pool, runs: Vec<ClaimedRun>) -> Result<(), StorageError> {
    let mut known = None;
    for ClaimedRun { workflow, .. } in &runs {
        // Most are of the same workflow as the one before.
        if known == Some(workflow) {
            continue;
        }
        if !pool.routes.contains_key(workflow) {
            let doing = format!("claim: {workflow} was not asked for");
            return Err(StorageError::new(ErrorKind::Invalid, doing));
        }
        known = Some(workflow);
    }
    pool.held.keep(runs, Instant::now());
    Ok(())
}
