use crate::journal::{Entry, Sequence};

/// A stretch of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalPage {
    /// The entries, in order, without gaps.
    pub entries: Vec<Entry>,
    /// The last entry that is durable, whether or not it is on this page.
    pub head: Sequence,
    /// The last entry that was trimmed and can no longer be read.
    ///
    /// A reader whose position lies before it has missed entries for good.
    pub trimmed: Sequence,
}

impl JournalPage {
    /// A stretch, as a storage reads it.
    #[must_use]
    pub const fn new(entries: Vec<Entry>, head: Sequence, trimmed: Sequence) -> Self {
        Self {
            entries,
            head,
            trimmed,
        }
    }
}
