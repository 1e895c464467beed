use std::num::NonZeroU32;

use jiff::Timestamp;

/// Asks for old finished batches to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneRequest {
    /// Only batches that finished before this moment.
    pub finished_before: Timestamp,
    /// The most batches to delete in this call.
    pub limit: NonZeroU32,
}

impl PruneRequest {
    /// Deletes at most `limit` batches that finished before a moment.
    #[must_use]
    pub const fn new(finished_before: Timestamp, limit: NonZeroU32) -> Self {
        Self {
            finished_before,
            limit,
        }
    }
}

/// What a prune did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Pruned {
    /// How many batches are gone.
    pub batches: u32,
    /// How many journal entries are gone.
    pub entries: u64,
}

impl Pruned {
    /// What a prune did, as a storage says it.
    #[must_use]
    pub const fn new(batches: u32, entries: u64) -> Self {
        Self { batches, entries }
    }
}
