use super::QueueBound;
use crate::batch::Extent;
use crate::catalogue::UnknownVersion;
use crate::id::{BatchId, SubmissionId};
use crate::valid::ValidBatch;

/// A checked batch on its way into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewBatch {
    /// The id it shall have. New for each call: a replay gives the first one back.
    pub id: BatchId,
    /// The submission it belongs to; that of its own id where it is the first part.
    pub submission: SubmissionId,
    /// Which part of the submission it is, from 0.
    pub part: u32,
    /// Whether more parts may follow.
    pub extent: Extent,
    /// The batch whose failed runs it runs again.
    pub retry_of: Option<BatchId>,
    /// The most runs that may wait once it is stored; `None` for any number. No part of its
    /// content: a replay is answered whatever it says.
    pub queue_bound: Option<QueueBound>,
    /// What it holds.
    pub content: ValidBatch,
}

impl NewBatch {
    /// A batch that is a submission of its own.
    #[must_use]
    pub const fn single(id: BatchId, content: ValidBatch) -> Self {
        Self {
            id,
            submission: SubmissionId::of_first_batch(id),
            part: 0,
            extent: Extent::Complete,
            retry_of: None,
            queue_bound: None,
            content,
        }
    }
}

/// What became of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertReply {
    /// It is stored, whole and durably.
    Stored,
    /// The same key and content were stored before, as this batch. Nothing was written.
    Replayed(BatchId),
    /// The key belongs to this batch of other content. Nothing was written.
    KeyConflict(BatchId),
    /// More runs would wait than the bound allows. Nothing was written.
    QueueFull {
        /// How many runs wait in the store.
        depth: u64,
        /// How many may.
        bound: QueueBound,
    },
    /// There is no such workflow. Nothing was written.
    UnknownWorkflow,
    /// The workflow has no such version. Nothing was written.
    UnknownVersion(UnknownVersion),
}
