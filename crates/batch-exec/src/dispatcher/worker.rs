use std::sync::Arc;
use std::time::Duration;

use batch_core::run::{Attempt, Failure};
use batch_core::time::Timestamp;
use tokio::time::Instant;
use tracing::Instrument;

use super::allowance::Allowance;
use super::attempt::attempt;
use super::ending::Ending;
use super::job::Job;
use super::pool::Pool;
use super::route::Route;
use crate::executor::RunContext;
use crate::meter::{self, Metric};
use crate::retry::RetryPolicy;

/// An executor that is this much over its time and its grace is blocking its thread.
const SLACK: Duration = Duration::from_secs(1);

/// Executes one job after the other until no more will come.
pub(super) async fn work(pool: Arc<Pool>) {
    while let Some(job) = pool.next_job().await {
        execute(&pool, job).await;
    }
}

/// Executes one job and hands its ending to the settler.
pub(super) async fn execute(pool: &Pool, job: Job) {
    let Job { mut run, route, .. } = job;
    let token = run.token();
    let started_at = pool.clock.now().wall;
    let deadline = route
        .run_timeout
        .and_then(|limit| Instant::now().checked_add(limit));
    run.set_deadline(deadline);
    let allowance = allowance(pool, &route, deadline, started_at);
    let Some(stop) = pool.held.begin(token, allowance) else {
        return;
    };
    let span = tracing::info_span!(
        "run",
        batch = %run.batch(),
        run = %run.id(),
        workflow = %run.workflow(),
        attempt = run.attempt().get(),
    );
    let workflow = run.workflow().clone();
    let label = [pool.options.workflow_label.of(&workflow)];
    if let Some(waited) = waited(&run, started_at) {
        meter::observe(Metric::RunWait, &label, waited);
    }
    let began = Instant::now();
    let disposition = attempt(pool, &route, run, &stop).instrument(span).await;
    meter::observe(Metric::RunDuration, &label, began.elapsed());
    if let Some(held) = pool.take(token) {
        pool.settle(Ending::of_attempt(held, started_at, disposition));
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
