use std::path::Path;

use super::{LAYOUT, RedbCheck, RedbKv, RedbOptions};
use crate::embedded::{StoreDir, rescue, salvage_into, snapshot_into};
use crate::kv::{CopyReport, KvError, KvOptions, KvStorage, OrderedKv, Rescued, SalvageReport};
use crate::storage::StorageError;

impl RedbKv {
    /// Opens a copy of the files of a damaged store, for a [`salvage`](crate::kv::salvage).
    ///
    /// Pages are looked at only where redb has to. The store itself is not changed, but for
    /// the lock that is taken while its files are copied. `scratch` must not be there; delete
    /// it afterwards.
    ///
    /// # Errors
    ///
    /// - `Locked` when the store is in use.
    /// - `Damaged` when redb can read nothing of it any more.
    /// - `Unavailable` when files cannot be read or written.
    pub fn rescue(
        from: impl AsRef<Path>,
        scratch: impl AsRef<Path>,
    ) -> Result<Rescued<Self>, KvError> {
        let dir = rescue(from.as_ref(), scratch.as_ref(), &LAYOUT)?;
        let options = RedbOptions {
            check: RedbCheck::AfterDeath,
            ..RedbOptions::default()
        };
        let map = Self::reopened(dir, &options)?;
        let missing = map.missing(&StoreDir::prepare(from.as_ref(), &LAYOUT)?);
        let mut rescued = Rescued::new(map);
        rescued.missing = missing.map(|error| error.to_string());
        Ok(rescued)
    }

    /// Saves what is whole of a damaged store into a directory, as a store on redb.
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
    /// Copies the store into a directory, as a store on redb, while it goes on working.
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
    pub async fn snapshot_to_redb(
        &self,
        dir: impl AsRef<Path> + Send,
    ) -> Result<CopyReport, StorageError> {
        snapshot_into(dir.as_ref(), self, |path| RedbKv::open(path)).await
    }
}
