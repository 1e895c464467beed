use std::sync::Arc;

use batch_core::run::RunState;
use batch_core::storage::{Settled, StorageError};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::ending::Ending;
use super::pool::Pool;
use super::workflow_label::WorkflowLabel;
use crate::meter::{self, Metric};
use crate::retry::Backoff;

/// The most endings that are recorded in one call.
const MOST: usize = 1_000;
/// How often a transient error is met with another try once the dispatcher closes.
const LAST_TRIES: u32 = 6;

/// Records how attempts ended, all that have gathered during one call with the next.
///
/// Ends once `closing` has fired and everything that was sent is recorded.
pub(super) async fn record(pool: Arc<Pool>, closing: CancellationToken) {
    let mut group = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = pool.endings.next(&mut group) => if group.is_empty() {
                return;
            },
            () = closing.cancelled() => pool.endings.close(),
        }
        for part in group.chunks(MOST) {
            settle(&pool, part, &closing).await;
        }
        group.clear();
    }
}

/// Records a group of endings. Where that fails for good, the runs will be executed again.
async fn settle(pool: &Pool, group: &[Ending], closing: &CancellationToken) {
    let mut backoff = Backoff::of_storage();
    loop {
        let settlements = group.iter().map(Ending::settlement).collect();
        let span = tracing::debug_span!("settle", runs = group.len());
        let settled = pool.storage.settle(settlements).instrument(span.clone());
        match settled.await {
            Ok(replies) => {
                return span.in_scope(|| report(group, &replies, pool.options.workflow_label));
            }
            Err(error) if is_worth_another_try(&error, &backoff, closing) => {
                let wait = backoff.failed();
                tracing::warn!(%error, ?wait, "could not record how runs ended, trying again");
                sleep(wait).await;
            }
            Err(error) => {
                let runs = group.len();
                tracing::error!(runs, "how these runs ended is not recorded");
                return pool.fail("record how runs ended", error);
            }
        }
    }
}

fn is_worth_another_try(
    error: &StorageError,
    backoff: &Backoff,
    closing: &CancellationToken,
) -> bool {
    error.is_retryable() && !(closing.is_cancelled() && backoff.failures() >= LAST_TRIES)
}

/// Tells what became of each run.
fn report(group: &[Ending], replies: &[Settled], label: WorkflowLabel) {
    for (ending, reply) in group.iter().zip(replies) {
        if meter::MEASURES {
            measure(ending, reply, label);
        }
        let run = ending.key().run;
        let (batch, attempt) = (run.batch(), ending.attempt().get());
        match reply {
            Settled::Stale => {
                tracing::info!(%batch, %run, attempt, "the claim was no longer current; the result is dropped");
            }
            applied => tracing::debug!(%batch, %run, attempt, ?applied, "settled"),
        }
    }
}

/// Counts what became of a run.
fn measure(ending: &Ending, reply: &Settled, label: WorkflowLabel) {
    let outcome = match reply {
        Settled::Applied(RunState::Pending) if ending.is_retry() => "retrying",
        Settled::Applied(RunState::Pending) if ending.is_snooze() => "snoozed",
        Settled::Applied(RunState::Pending) => "released",
        Settled::Applied(RunState::NeedsReview) => "needs_review",
        Settled::Applied(RunState::Processed) => "processed",
        Settled::Applied(RunState::Failed) => "failed",
        Settled::Applied(RunState::Cancelled) => "cancelled",
        Settled::Applied(RunState::Rejected) => "rejected",
        _ => "stale",
    };
    let labels = [label.of(ending.workflow()), ("outcome", Some(outcome))];
    if ending.is_of_attempt() {
        meter::count(Metric::RunAttempts, &labels, 1);
    }
    if matches!(reply, Settled::Applied(state) if state.is_ended()) {
        meter::count(Metric::RunsFinished, &labels, 1);
    }
}
