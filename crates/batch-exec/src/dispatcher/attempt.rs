use batch_core::run::Output;
use batch_core::storage::Disposition;
use tokio::time::{Instant, sleep, sleep_until};

use super::route::Route;
use super::sentry::Sentry;
use super::worker::Worker;
use crate::executor::{ExecutorError, Outcome, RunContext, RunStop};
use crate::guard::Guarded;
use crate::retry::{AttemptEnd, bounded, decide};

/// What an executor came to; the message where it panicked.
type Said = Result<Result<Outcome, ExecutorError>, String>;

/// Why an executor was told to stop.
enum Cut {
    /// Its run was cancelled or its claim was lost, or the dispatcher shuts down.
    Told,
    /// Its time was up.
    TimedOut,
}

impl Worker {
    /// Executes a run once and says what to record.
    ///
    /// Its executor is told to stop too when its time is up; a grace later it is dropped.
    pub(super) async fn attempt(
        &self,
        route: &Route,
        run: RunContext,
        stop: &RunStop,
        began: Instant,
    ) -> Disposition {
        let pool = &*self.pool;
        let (id, number, deadline) = (run.id(), run.attempt(), run.deadline());
        let snoozes = run.snoozes();
        let decided = |end: AttemptEnd| {
            let end = route.final_failures.judge(end);
            let end = bounded(end, snoozes, route.snoozes);
            decide(&route.retry, id, number, end)
        };
        self.mark.begin(&run, began, route.run_timeout);
        let sentry = Sentry::new(&pool.watchlist, &self.mark);
        let mut work = sentry.watching(|| Guarded::new(|| route.executor.execute(run)));
        let cut = tokio::select! {
            biased;
            said = &mut work => return match stop.is_told() {
                false => decided(end_of(said)),
                true => kept(said).map_or(Disposition::Released, decided),
            },
            () = pool.drop_executors.cancelled() => return Disposition::Released,
            () = stop.told() => Cut::Told,
            () = reached(deadline) => Cut::TimedOut,
        };
        stop.tell();
        let said = tokio::select! {
            biased;
            said = &mut work => Some(said),
            () = pool.drop_executors.cancelled() => None,
            () = sleep(pool.options.cancel_grace) => None,
        };
        drop(work);
        let output = said.as_ref().and_then(output_of);
        match (said.and_then(kept), cut, route.run_timeout) {
            (Some(done), _, _) => decided(done),
            (None, Cut::TimedOut, Some(limit)) => decided(AttemptEnd::TimedOut { limit, output }),
            _ => Disposition::Released,
        }
    }
}

/// What counts of an executor that was told to stop: work that is done, if late.
/// Doing it again would serve nobody.
fn kept(said: Said) -> Option<AttemptEnd> {
    match said {
        Ok(Ok(done @ (Outcome::Done { .. } | Outcome::NeedsReview { .. }))) => {
            Some(AttemptEnd::Said(done))
        }
        _ => None,
    }
}

fn output_of(said: &Said) -> Option<Output> {
    said.as_ref().ok()?.as_ref().ok()?.output().cloned()
}

fn end_of(said: Said) -> AttemptEnd {
    match said {
        Ok(Ok(outcome)) => AttemptEnd::Said(outcome),
        Ok(Err(error)) => AttemptEnd::Erred(error),
        Err(message) => AttemptEnd::Panicked(message),
    }
}

/// Waits until a time, or for ever.
async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
