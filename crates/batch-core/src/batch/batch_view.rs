use jiff::Timestamp;

use super::{BatchState, Counts};
use crate::catalogue::Version;
use crate::id::{BatchId, SubmissionId, WorkflowId};
use crate::request::Priority;

/// A batch as it stands when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// The submission it is, or is a part of.
    pub submission: SubmissionId,
    /// Which part of the submission it is, from 0.
    pub part: u32,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version, pinned at submit.
    pub version: Version,
    /// How soon its runs are claimed.
    pub priority: Priority,
    /// Where it stands.
    pub state: BatchState,
    /// How many runs stand where.
    pub counts: Counts,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its last run ended; `None` before.
    pub finished_at: Option<Timestamp>,
    /// The batch whose failed runs it runs again.
    pub retry_of: Option<BatchId>,
}

impl Batch {
    /// Whether every run has ended, however it ended.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.state.is_finished()
    }

    /// Whether every run has ended well.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.counts.all_processed()
    }
}
