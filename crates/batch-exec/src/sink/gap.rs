use std::fmt;

use batch_core::journal::Sequence;

/// A stretch of the journal that was trimmed before a sink had read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The first entry that is missing.
    pub first: Sequence,
    /// The last entry that is missing.
    pub last: Sequence,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "journal entries {} to {}", self.first, self.last)
    }
}
