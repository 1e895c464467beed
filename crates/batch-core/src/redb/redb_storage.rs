use std::path::Path;

use super::RedbKv;
use crate::kv::{KvOptions, KvStorage};
use crate::storage::StorageError;

/// Storage in a directory, on redb 4.
///
/// What it promises and what that cost is told by [the module](super).
pub type RedbStorage = KvStorage<RedbKv>;

impl RedbStorage {
    /// Opens the store in a directory, or makes one where there is nothing.
    ///
    /// Runs that a dead process held are claimable again when this returns.
    ///
    /// # Errors
    ///
    /// As [`RedbKv::open`], and `Damaged` where records are missing or do not
    /// match their checksums.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        Self::open_with(path, KvOptions::default())
    }

    /// The same, with options: a clock, how long keys are kept.
    ///
    /// Options of redb go to [`RedbKv::open_with`] and its map to [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: KvOptions) -> Result<Self, StorageError> {
        Self::start(RedbKv::open(path)?, options)
    }
}
