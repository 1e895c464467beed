use std::fmt;

use crate::id::{BatchId, IdempotencyKey, RunId, SinkName, SubmissionId, WorkflowId};
use crate::journal::Sequence;

/// What a [`Finding`](super::Finding) is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum About {
    /// The store as a whole.
    Store,
    /// A batch.
    Batch(BatchId),
    /// A run.
    Run(RunId),
    /// A submission.
    Submission(SubmissionId),
    /// An idempotency key.
    Key(IdempotencyKey),
    /// A workflow.
    Workflow(WorkflowId),
    /// A sink.
    Sink(SinkName),
    /// An entry of the journal, or the first of several.
    Entry(Sequence),
    /// A key of the map that names none of these.
    RawKey(Vec<u8>),
}

impl About {
    /// The batch that it is, or is a run of.
    #[must_use]
    pub const fn batch(&self) -> Option<BatchId> {
        match self {
            Self::Batch(id) => Some(*id),
            Self::Run(run) => Some(run.batch()),
            _ => None,
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store => f.write_str("the store"),
            Self::Batch(id) => id.fmt(f),
            Self::Run(id) => id.fmt(f),
            Self::Submission(id) => id.fmt(f),
            Self::Key(key) => write!(f, "idempotency key {:?}", key.as_str()),
            Self::Workflow(id) => write!(f, "workflow {id}"),
            Self::Sink(sink) => write!(f, "sink {sink}"),
            Self::Entry(sequence) => write!(f, "journal entry {sequence}"),
            Self::RawKey(key) => write!(f, "key \"{}\"", key.escape_ascii()),
        }
    }
}
