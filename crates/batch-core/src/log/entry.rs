use super::place::ValueSpan;

/// What a commit says of a key; the value itself stands elsewhere in the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Box<[u8]>,
    /// `None` for a delete.
    pub(super) value: Option<ValueSpan>,
}
