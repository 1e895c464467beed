use async_trait::async_trait;
use batch_core::journal::{Event, EventKind};

use super::{EventSink, Gap, SinkError};

/// Logs every event through `tracing`, under the target `batchyard::event`.
///
/// Events of batches and runs that need review at `INFO`, failures at `WARN`, all others at `DEBUG`.
/// Metadata is the caller's and is not logged.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct TracingSink;

impl TracingSink {
    /// A sink that logs.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

const TARGET: &str = "batchyard::event";

fn log(event: &Event) {
    let (name, batch, workflow) = (event.kind.name(), event.batch, &event.workflow);
    let run = event.kind.run();
    let attempt = run.and_then(|run| run.attempt).map(|n| n.get());
    let run = run.map(|run| tracing::field::display(run.id));
    match &event.kind {
        EventKind::BatchFinished { counts, .. }
        | EventKind::BatchSucceeded { counts }
        | EventKind::BatchCancelled { counts } => {
            tracing::info!(target: TARGET, %batch, %workflow, %counts, "{name}");
        }
        EventKind::BatchProgress { counts, .. } => {
            tracing::debug!(target: TARGET, %batch, %workflow, %counts, "{name}");
        }
        EventKind::BatchCreated
        | EventKind::BatchPaused
        | EventKind::BatchResumed
        | EventKind::BatchDeleted => {
            tracing::info!(target: TARGET, %batch, %workflow, "{name}");
        }
        EventKind::RunFailed(_, failure) | EventKind::RunRetrying { failure, .. } => {
            let failure = failure.to_string();
            tracing::warn!(target: TARGET, run, attempt, %workflow, ?failure, "{name}");
        }
        EventKind::RunNeedsReview { note, .. } => {
            let note = note.as_str();
            tracing::info!(target: TARGET, run, attempt, %workflow, note, "{name}");
        }
        _ => tracing::debug!(target: TARGET, run, attempt, %workflow, "{name}"),
    }
}

#[async_trait]
impl EventSink for TracingSink {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        events.iter().for_each(log);
        Ok(())
    }

    async fn gap(&self, gap: Gap) -> Result<(), SinkError> {
        tracing::warn!(target: TARGET, %gap, "events are missing for good");
        Ok(())
    }
}
