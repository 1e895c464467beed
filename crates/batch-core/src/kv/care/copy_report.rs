use crate::journal::Sequence;

/// What was written into a copy of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyReport {
    /// Records written; one that changed while the copy was made counts each time.
    pub records: u64,
    /// Bytes of their keys and of themselves.
    pub bytes: u64,
    /// The copy is the store as it stood with this journal entry, the last in it.
    pub as_of: Sequence,
}

/// A copy of a store, and the map it is in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Copied<T> {
    /// The map. Open it as a store, or drop it to close it.
    pub map: T,
    /// What was written.
    pub report: CopyReport,
}
