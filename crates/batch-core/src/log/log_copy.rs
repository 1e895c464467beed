use std::path::Path;

use super::{LAYOUT, LogKv};
use crate::embedded::{StoreDir, rescue, salvage_into, snapshot_into};
use crate::kv::{CopyReport, KvError, KvOptions, KvStorage, OrderedKv, Rescued, SalvageReport};
use crate::storage::StorageError;

impl LogKv {
    /// Opens a copy of the files of a damaged store, for a [`salvage`](crate::kv::salvage).
    ///
    /// Commits that are not whole are passed over, and so is a value that does not match its
    /// checksum. So a key may have the value that it had before. The store itself is not
    /// changed, but for the lock that is taken while its files are copied. `scratch` must not be
    /// there; delete it afterwards.
    ///
    /// # Errors
    ///
    /// - `Locked` when the store is in use.
    /// - `Damaged` when there is no segment of which anything can be read.
    /// - `Unavailable` when files cannot be read or written.
    pub fn rescue(
        from: impl AsRef<Path>,
        scratch: impl AsRef<Path>,
    ) -> Result<Rescued<Self>, KvError> {
        let dir = rescue(from.as_ref(), scratch.as_ref(), &LAYOUT)?;
        let (map, passed_over) = Self::reopened_damaged(dir)?;
        let missing = map.missing(&StoreDir::prepare(from.as_ref(), &LAYOUT)?);
        let mut rescued = Rescued::new(map);
        rescued.missing = passed_over.or(missing).map(|error| error.to_string());
        Ok(rescued)
    }

    /// Saves what is whole of a damaged store into a directory, as a store on a log.
    ///
    /// As [`salvage`](crate::kv::salvage); there is nothing under the name until all is saved. While it is made it
    /// has `.unfinished` behind its name.
    ///
    /// # Errors
    ///
    /// As `salvage`, and `Invalid` when the directory is not empty or an earlier salvage was
    /// cut short there.
    pub fn salvage_into<F: OrderedKv>(
        dir: impl AsRef<Path>,
        from: &Rescued<F>,
        options: &KvOptions,
    ) -> Result<SalvageReport, StorageError> {
        salvage_into(dir.as_ref(), from, options, |path| Self::open(path))
    }
}

impl<K: OrderedKv> KvStorage<K> {
    /// Copies the store into a directory, as a store on a log, while it goes on working.
    ///
    /// As [`snapshot`](Self::snapshot); there is nothing under the name until the copy is
    /// whole. While it is made it has `.unfinished` behind its name. It is synced.
    ///
    /// # Errors
    ///
    /// As `snapshot`, and `Invalid` when the directory is not empty or an earlier copy was cut
    /// short there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the copying and removes what there is of the copy.
    pub async fn snapshot_to_log(
        &self,
        dir: impl AsRef<Path> + Send,
    ) -> Result<CopyReport, StorageError> {
        snapshot_into(dir.as_ref(), self, |path| LogKv::open(path)).await
    }
}
