use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::{Batch, Counts};
use batch_core::run::RunState;
use batch_core::storage::StorageError;
use batch_core::time::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::pool::Pool;
use crate::meter::{self, Metric};

/// Looks over the sinks and the live batches again and again, and says how they stand.
///
/// An error ends the look and nothing else: those who claim and renew report it.
pub(super) async fn survey(pool: Arc<Pool>, end: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = end.cancelled() => return,
            () = sleep(pool.options.survey_every) => {}
        }
        match look(&pool).await {
            Ok(()) => {}
            Err(error) => {
                tracing::debug!(%error, "could not look over the live batches and the sinks")
            }
        }
    }
}

async fn look(pool: &Pool) -> Result<(), StorageError> {
    if !pool.sinks.is_empty() {
        let (head, now) = (pool.journal_head().await?, pool.clock.now());
        for sink in &pool.sinks {
            sink.look(head, now, pool.options.sink_patience);
        }
    }
    if !pool.routes.is_empty() {
        look_over_batches(pool).await?.tell(pool.clock.now().wall);
    }
    Ok(())
}

async fn look_over_batches(pool: &Pool) -> Result<Survey, StorageError> {
    let mut survey = Survey::default();
    for id in pool.live.ids(&*pool.storage).await? {
        match pool.storage.batch(id).await? {
            Some(batch) if !batch.is_finished() => survey.add(&batch),
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
}

impl Survey {
    fn add(&mut self, batch: &Batch) {
        self.counts += batch.counts;
        if batch.counts.pending > 0 {
            let oldest = self.oldest_pending.get_or_insert(batch.created_at);
            *oldest = batch.created_at.min(*oldest);
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
    }
}
