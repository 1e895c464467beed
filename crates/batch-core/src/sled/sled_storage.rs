use std::path::Path;

use super::SledKv;
use crate::kv::{KvOptions, KvStorage};
use crate::storage::StorageError;

/// Storage in a directory, on sled 0.34.
///
/// What it promises and what that cost is told by [the module](super).
pub type SledStorage = KvStorage<SledKv>;

impl SledStorage {
    /// Opens the store in a directory, or makes one where there is nothing.
    ///
    /// Runs that a dead process held are claimable again when this returns.
    ///
    /// # Errors
    ///
    /// As [`SledKv::open`], and `Damaged` where records are missing or do not
    /// match their checksums.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        Self::open_with(path, KvOptions::default())
    }

    /// The same, with options: a clock, how long keys are kept.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: KvOptions) -> Result<Self, StorageError> {
        Self::start(SledKv::open(path)?, options)
    }
}
