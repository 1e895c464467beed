use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::id::WorkflowId;
use batch_core::journal::Sequence;
use batch_core::storage::{ClaimRequest, Claimed, ClaimedRun, ErrorKind, StorageError};
use tokio::time::{Instant, sleep};
use tracing::{Instrument, field};

use super::held_claim::HeldClaim;
use super::job::Job;
use super::pool::Pool;
use crate::executor::{RunContext, RunStop};
use crate::retry::Backoff;

/// The shortest wait for a due time, so that a clock that stands still makes no busy loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Claims runs for the workers, until it is told to stop or the store fails.
///
/// A claim under way when it is told to stop is waited for: so no claim is
/// granted that nobody holds.
pub(super) async fn feed(pool: Arc<Pool>) {
    let mut feeder = Feeder::new(pool);
    let stop = feeder.pool.no_more_claims.clone();
    loop {
        let room = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            room = feeder.pool.room() => room,
        };
        let next_due = match feeder.claim(room).await {
            Ok(Fed::Runs) => continue,
            Ok(Fed::Nothing { next_due }) => next_due,
            Err(error) => match feeder.after(error) {
                Some(wait) => Some(wait),
                None => return,
            },
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = feeder.news(next_due) => {}
        }
    }
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

    /// Claims at most `room` runs and hands them to the workers.
    async fn claim(&mut self, room: NonZeroU32) -> Result<Fed, StorageError> {
        let mut request = ClaimRequest::new(self.workflows.clone(), room);
        request.lease = self.pool.options.lease;
        let asked = Instant::now();
        let span = tracing::debug_span!("claim", room, claimed = field::Empty);
        let claimed = self.pool.storage.claim(request);
        let Claimed { runs, next_due, .. } = claimed.instrument(span.clone()).await?;
        span.record("claimed", runs.len());
        span.in_scope(|| runs.iter().for_each(tell));
        self.pool.window.claimed_in(asked.elapsed());
        self.backoff.succeeded();
        if runs.is_empty() {
            return Ok(Fed::Nothing { next_due });
        }
        let got_all = u32::try_from(runs.len()).is_ok_and(|got| got >= room.get());
        if got_all && self.pool.queue.len() == 0 {
            self.pool.window.ran_dry();
        }
        self.pool.queue.push(take_in(&self.pool, runs)?);
        Ok(Fed::Runs)
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

/// Keeps the claims of runs and makes jobs of them.
pub(super) fn take_in(pool: &Pool, runs: Vec<ClaimedRun>) -> Result<Vec<Job>, StorageError> {
    let ready_since = Instant::now();
    let mut jobs = Vec::with_capacity(runs.len());
    for claimed in runs {
        let Some(route) = pool.routes.get(&claimed.workflow) else {
            let doing = format!("claim: {} was not asked for", claimed.workflow);
            return Err(StorageError::new(ErrorKind::Invalid, doing));
        };
        let stop = Arc::new(RunStop::default());
        let (claim, run) = RunContext::of(claimed, Arc::clone(&stop), &pool.reach);
        let workflow = run.workflow().clone();
        pool.held.keep(HeldClaim { claim, workflow }, stop);
        jobs.push(Job {
            run,
            route: Arc::clone(route),
            ready_since,
        });
    }
    Ok(jobs)
}
