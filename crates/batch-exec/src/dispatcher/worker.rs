use std::sync::Arc;
use std::time::Duration;

use batch_core::run::{Attempt, Failure};
use batch_core::time::Timestamp;
use tokio::task::coop::consume_budget;
use tokio::time::Instant;
use tracing::Instrument;

use super::allowance::Allowance;
use super::ending::Ending;
use super::job::Begun;
use super::mark::Mark;
use super::pool::Pool;
use super::route::Route;
use crate::executor::{RunContext, Seat};
use crate::meter::{self, Metric};
use crate::retry::RetryPolicy;

/// An executor that is this much over its time and its grace is blocking its thread.
const SLACK: Duration = Duration::from_secs(1);

/// Executes one run after the other.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) pool: Arc<Pool>,
    pub(super) seat: Seat,
    pub(super) mark: Arc<Mark>,
}

impl Worker {
    /// The worker of a number, from 0, that no other of the pool has.
    pub(super) fn new(pool: &Arc<Pool>, number: usize) -> Self {
        Self {
            seat: Seat(number),
            mark: pool.watchlist.mark(),
            pool: Arc::clone(pool),
        }
    }

    /// Executes runs until no more will come.
    pub(super) async fn work(self) {
        while self.work_once().await.is_some() {
            consume_budget().await;
        }
    }

    /// Executes one run, and waits for it; `None` once no more will come.
    pub(super) async fn work_once(&self) -> Option<()> {
        let begun = self.pool.next_run(self.seat).await?;
        self.execute(begun).await;
        Some(())
    }

    /// Executes one run and hands its ending to the settler.
    async fn execute(&self, begun: Begun) {
        let (pool, Begun { job, stop, .. }) = (&*self.pool, begun);
        let (token, route) = (job.key().token, pool.route(&job.claimed));
        let (now, started_at) = (Instant::now(), pool.clock.now().wall);
        let waited = now.saturating_duration_since(job.ready_since);
        pool.window.waited(waited);
        let deadline = route.run_timeout.and_then(|limit| now.checked_add(limit));
        if let Some(allowance) = allowance(pool, route, deadline, started_at) {
            pool.held.allow(self.seat, token, allowance);
        }
        let mut run = RunContext::of(job.claimed, Arc::clone(&stop), &pool.reach);
        run.begin(self.seat, deadline);
        if meter::MEASURES {
            measure_wait(pool, &run, started_at);
        }
        let workflow = meter::MEASURES.then(|| run.workflow().clone());
        let span = tracing::info_span!(
            "run",
            batch = %run.batch(),
            run = %run.id(),
            workflow = %run.workflow(),
            attempt = run.attempt().get(),
        );
        let attempt = self.attempt(route, run, &stop, now);
        let disposition = attempt.instrument(span).await;
        if let Some(workflow) = workflow {
            let label = [pool.options.workflow_label.of(&workflow)];
            meter::observe(Metric::RunDuration, &label, now.elapsed());
        }
        if let Some(held) = pool.take(self.seat, token) {
            let ending = Ending::of_attempt(held, started_at, disposition);
            pool.endings.push(ending);
        }
    }
}

fn measure_wait(pool: &Pool, run: &RunContext, started_at: Timestamp) {
    if let Some(waited) = waited(run, started_at) {
        let label = [pool.options.workflow_label.of(run.workflow())];
        meter::observe(Metric::RunWait, &label, waited);
    }
}

/// How long a run waited for its first executor, from when its batch was given its id.
fn waited(run: &RunContext, now: Timestamp) -> Option<Duration> {
    if run.attempt() != Attempt::FIRST || run.interruptions() > 0 {
        return None;
    }
    let (seconds, nanos) = run.batch().as_uuid().get_timestamp()?.to_unix();
    let submitted = Duration::new(seconds, nanos);
    let now = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).ok()?;
    Some(now.saturating_sub(submitted))
}

/// What an executor is allowed before it is taken to block its thread; `None` where it has no limit.
fn allowance(
    pool: &Pool,
    route: &Route,
    deadline: Option<Instant>,
    started_at: Timestamp,
) -> Option<Allowance> {
    let patience = pool.options.cancel_grace.saturating_add(SLACK);
    Some(Allowance {
        overdue_at: deadline?.checked_add(patience)?,
        limit: route.run_timeout?,
        started_at,
        retry: match route.final_failures.0.contains(Failure::TIMED_OUT) {
            true => RetryPolicy::NEVER,
            false => route.retry,
        },
    })
}
