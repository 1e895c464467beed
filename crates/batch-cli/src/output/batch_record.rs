use batch_core::batch::{Batch, Flow};
use serde::Serialize;

use super::shown_at::shown_at;

/// A batch as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct BatchRecord {
    batch: String,
    submission: String,
    part: u32,
    workflow: String,
    version: String,
    priority: i64,
    state: &'static str,
    /// `PAUSED`, where somebody has paused it.
    flow: Option<&'static str>,
    total: u64,
    pending: u64,
    processing: u64,
    cancelling: u64,
    processed: u64,
    failed: u64,
    cancelled: u64,
    needs_review: u64,
    rejected: u64,
    created_at: String,
    finished_at: Option<String>,
    retry_of: Option<String>,
}

impl BatchRecord {
    pub(crate) fn of(batch: &Batch) -> Self {
        let counts = &batch.counts;
        Self {
            batch: batch.id.to_string(),
            submission: batch.submission.to_string(),
            part: batch.part,
            workflow: batch.workflow.to_string(),
            version: batch.version.to_string(),
            priority: batch.priority.into(),
            state: batch.state.as_str(),
            flow: (batch.flow == Flow::Paused).then_some("PAUSED"),
            total: counts.total(),
            pending: counts.pending,
            processing: counts.processing,
            cancelling: counts.cancelling,
            processed: counts.processed,
            failed: counts.failed,
            cancelled: counts.cancelled,
            needs_review: counts.needs_review,
            rejected: counts.rejected,
            created_at: shown_at(batch.created_at),
            finished_at: batch.finished_at.map(shown_at),
            retry_of: batch.retry_of.map(|id| id.to_string()),
        }
    }

    /// The words at the heads of [`BatchRecord::cells`].
    pub(crate) const HEADS: [&'static str; 9] = [
        "batch",
        "state",
        "runs",
        "processed",
        "failed",
        "in review",
        "created",
        "finished",
        "workflow",
    ];

    /// One row of a table.
    pub(crate) fn cells(self) -> [String; 9] {
        [
            self.batch,
            self.state.to_owned(),
            self.total.to_string(),
            self.processed.to_string(),
            self.failed.to_string(),
            self.needs_review.to_string(),
            self.created_at,
            self.finished_at.unwrap_or_default(),
            self.workflow,
        ]
    }
}
