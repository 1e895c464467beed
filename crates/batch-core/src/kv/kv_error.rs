use crate::storage::{ErrorKind, StorageError};

/// An ordered map could not do what it was asked to.
///
/// The kinds that a map uses are `Unavailable` for a read or a write that
/// failed, `Damaged` where it finds that out by itself, and `Locked` and
/// `NewerFormat` while it is opened. The map need not say that a write is in
/// doubt: every failed commit is, and [`KvStorage`](super::KvStorage) says so.
pub type KvError = StorageError;

impl StorageError {
    /// A read or a write of an ordered map failed.
    pub fn io(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(ErrorKind::Unavailable, doing).caused_by(source)
    }
}
