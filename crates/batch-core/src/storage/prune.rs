use std::num::NonZeroU32;

use jiff::Timestamp;

use super::Ending;
use crate::id::BatchId;

/// Asks for old finished batches to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneRequest {
    /// Only batches that finished before this moment.
    pub finished_before: Timestamp,
    /// Only batches that ended like this; `None` for any.
    pub ending: Option<Ending>,
    /// Only journal entries from before this moment.
    pub journal_before: Timestamp,
    /// The most batches to delete in this call.
    pub limit: NonZeroU32,
    /// Only batches after this one, in the order in which they finished.
    pub after: Option<PruneCursor>,
}

impl PruneRequest {
    /// Deletes at most `limit` batches that finished before a moment, and journal entries from
    /// before it.
    #[must_use]
    pub const fn new(finished_before: Timestamp, limit: NonZeroU32) -> Self {
        Self {
            finished_before,
            ending: None,
            journal_before: finished_before,
            limit,
            after: None,
        }
    }

    /// Only batches that ended like this.
    #[must_use]
    pub const fn ending(mut self, ending: Ending) -> Self {
        self.ending = Some(ending);
        self
    }

    /// Only journal entries from before this moment, instead of the one for batches.
    #[must_use]
    pub const fn journal_before(mut self, moment: Timestamp) -> Self {
        self.journal_before = moment;
        self
    }

    /// Goes on where a call before stopped, which may have passed over batches.
    #[must_use]
    pub const fn after(mut self, cursor: Option<PruneCursor>) -> Self {
        self.after = cursor;
        self
    }
}

/// A place among finished batches, which stand in the order in which they finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PruneCursor {
    /// When the batch finished.
    pub finished_at: Timestamp,
    /// The batch.
    pub batch: BatchId,
}

/// What a prune did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Pruned {
    /// How many batches are gone.
    pub batches: u32,
    /// How many journal entries are gone.
    pub entries: u64,
    /// Where the call stopped before it had looked at everything.
    pub next: Option<PruneCursor>,
}

impl Pruned {
    /// What a prune did, as a storage says it, that has looked at everything.
    #[must_use]
    pub const fn new(batches: u32, entries: u64) -> Self {
        Self {
            batches,
            entries,
            next: None,
        }
    }

    /// Says where to go on.
    #[must_use]
    pub const fn stopped_at(mut self, next: Option<PruneCursor>) -> Self {
        self.next = next;
        self
    }

    /// Whether it did nothing and there is nothing more to look at.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.batches == 0 && self.entries == 0 && self.next.is_none()
    }
}
