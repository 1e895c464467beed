use std::path::Path;

use super::LogKv;
use crate::kv::{KvOptions, KvStorage};
use crate::storage::StorageError;

/// Storage in a directory, on a log of our own.
///
/// What it promises and what that cost is told by [the module](super).
pub type LogStorage = KvStorage<LogKv>;

impl LogStorage {
    /// Opens the store in a directory, or makes one where there is nothing.
    ///
    /// Runs that a dead process held are claimable again when this returns.
    ///
    /// # Errors
    ///
    /// As [`LogKv::open`], and `Damaged` where records are missing or do not
    /// match their checksums.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        Self::open_with(path, KvOptions::default())
    }

    /// The same, with options: a clock, how long keys are kept.
    ///
    /// Options of the log go to [`LogKv::open_with`] and its map to [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: KvOptions) -> Result<Self, StorageError> {
        Self::start(LogKv::open(path)?, options)
    }
}
