use std::fmt;

use crate::id::SinkName;
use crate::journal::Sequence;

/// How far a sink has come, and how far it could be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkLag {
    /// The sink.
    pub sink: SinkName,
    /// The last journal entry it has dealt with.
    pub position: Sequence,
    /// The last entry of the journal.
    pub head: Sequence,
}

impl SinkLag {
    /// How far a sink has come, of a journal that ends at `head`.
    #[must_use]
    pub const fn new(sink: SinkName, position: Sequence, head: Sequence) -> Self {
        Self {
            sink,
            position,
            head,
        }
    }

    /// How many journal entries it has not dealt with. An entry makes one event or many.
    #[must_use]
    pub const fn entries_behind(&self) -> u64 {
        self.head.get().saturating_sub(self.position.get())
    }
}

impl fmt::Display for SinkLag {
    /// `audit: 12 entries behind`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} entries behind", self.sink, self.entries_behind())
    }
}
