use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::{Batch, Counts};
use batch_core::id::WorkflowId;
use batch_core::run::RunState;
use batch_core::storage::StorageError;
use batch_core::time::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::pool::Pool;
use crate::meter::{self, Metric};

/// A look takes at most one part in so many of the time.
const MOST_PART: u32 = 20;

/// Looks over the sinks and the live batches again and again, and says how they stand.
///
/// Where a look takes long it comes less often, so that it never takes more than a small part
/// of what the store can do. An error ends the look and nothing else: those who claim and renew report it.
pub(super) async fn survey(pool: Arc<Pool>, end: CancellationToken) {
    let mut unserved = BTreeSet::new();
    let mut wait = pool.options.survey_every;
    loop {
        tokio::select! {
            biased;
            () = end.cancelled() => return,
            () = sleep(wait) => {}
        }
        let began = Instant::now();
        match look(&pool, &mut unserved).await {
            Ok(()) => {}
            Err(error) => {
                tracing::debug!(%error, "could not look over the live batches and the sinks")
            }
        }
        wait = pool.options.survey_every.max(began.elapsed() * MOST_PART);
    }
}

async fn look(pool: &Pool, unserved: &mut BTreeSet<WorkflowId>) -> Result<(), StorageError> {
    if !pool.sinks.is_empty() {
        let (head, now) = (pool.journal_head().await?, pool.clock.now());
        for sink in &pool.sinks {
            sink.look(head, now, pool.options.sink_patience);
        }
    }
    if !pool.routes.is_empty() {
        let survey = look_over_batches(pool).await?;
        survey.tell(pool.clock.now().wall);
        survey.warn_of_unserved(unserved);
    }
    Ok(())
}

async fn look_over_batches(pool: &Pool) -> Result<Survey, StorageError> {
    let mut survey = Survey::default();
    for id in pool.live.ids(&*pool.storage).await? {
        match pool.storage.batch(id).await? {
            Some(batch) if !batch.is_finished() => {
                survey.add(&batch, pool.engine.is_served(&batch.workflow));
            }
            _ => pool.live.ended(id),
        }
    }
    Ok(survey)
}

/// How the batches stand that have not ended.
#[derive(Debug, Default)]
struct Survey {
    counts: Counts,
    oldest_pending: Option<Timestamp>,
    /// How many runs wait of each workflow that nobody executes.
    unserved: BTreeMap<WorkflowId, u64>,
}

impl Survey {
    fn add(&mut self, batch: &Batch, is_served: bool) {
        self.counts += batch.counts;
        if batch.counts.pending > 0 {
            let oldest = self.oldest_pending.get_or_insert(batch.created_at);
            *oldest = batch.created_at.min(*oldest);
            if !is_served {
                let runs = self.unserved.entry(batch.workflow.clone()).or_default();
                *runs += batch.counts.pending;
            }
        }
    }

    fn tell(&self, now: Timestamp) {
        let states = [
            (RunState::Pending, "pending"),
            (RunState::Processing, "processing"),
            (RunState::Cancelling, "cancelling"),
            (RunState::NeedsReview, "needs_review"),
        ];
        for (state, name) in states {
            let labels = [("state", Some(name))];
            meter::set(Metric::Runs, &labels, self.counts.of(state) as f64);
        }
        let age = self.oldest_pending.map(|oldest| now.duration_since(oldest));
        let age = age.map_or(Duration::ZERO, |age| age.try_into().unwrap_or_default());
        meter::set(Metric::OldestPendingRunAge, &[], age.as_secs_f64());
        let unserved: u64 = self.unserved.values().sum();
        meter::set(Metric::RunsUnserved, &[], unserved as f64);
    }

    /// Warns of workflows that nobody executes, once of each until somebody does.
    fn warn_of_unserved(&self, said: &mut BTreeSet<WorkflowId>) {
        said.retain(|workflow| self.unserved.contains_key(workflow));
        for (workflow, runs) in &self.unserved {
            if said.insert(workflow.clone()) {
                tracing::warn!(%workflow, runs, "runs wait for a dispatcher: nobody here executes their workflow");
            }
        }
    }
}
