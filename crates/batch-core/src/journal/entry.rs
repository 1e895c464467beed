use jiff::Timestamp;

use super::{Fact, Sequence};
use crate::id::BatchId;

/// One thing that happened to one batch in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its place in the journal.
    pub sequence: Sequence,
    /// When it happened.
    pub at: Timestamp,
    /// The batch it happened to.
    pub batch: BatchId,
    /// What happened.
    pub fact: Fact,
}

impl Entry {
    /// An entry, as a storage makes it.
    #[must_use]
    pub const fn new(sequence: Sequence, at: Timestamp, batch: BatchId, fact: Fact) -> Self {
        Self {
            sequence,
            at,
            batch,
            fact,
        }
    }
}
