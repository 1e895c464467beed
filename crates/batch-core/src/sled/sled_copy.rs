use std::num::NonZeroUsize;
use std::path::Path;
use std::{fs, io};

use super::{LAYOUT, OpenCheck, SledKv, SledOptions, recovery};
use crate::embedded::{StoreDir, rescue, salvage_into, snapshot_into};
use crate::kv::{
    CopyReport, KeyRange, KvError, KvOptions, KvStorage, OrderedKv, Rescued, SalvageReport,
};
use crate::storage::{ErrorKind, SortOrder, StorageError};

impl SledKv {
    /// Opens a copy of the files of a damaged store, for a [`salvage`](crate::kv::salvage).
    ///
    /// What there is of the log is read, whatever is missing of it. Where sled cannot open with
    /// its snapshot, for one because the log ends before it, the log is read without. The store
    /// itself is not changed, but for the lock that is taken while its files are copied.
    /// `scratch` must not be there; delete it afterwards.
    ///
    /// # Errors
    ///
    /// - `Locked` when the store is in use.
    /// - `Damaged` when sled can read nothing of it any more.
    /// - `Unavailable` when files cannot be read or written.
    pub fn rescue(
        from: impl AsRef<Path>,
        scratch: impl AsRef<Path>,
    ) -> Result<Rescued<Self>, KvError> {
        let (from, scratch) = (from.as_ref(), scratch.as_ref());
        let dir = rescue(from, scratch, &LAYOUT)?;
        let map = match Self::reopened(dir, &unchecked()) {
            Err(damage) if damage.kind() == ErrorKind::Damaged => {
                by_log_alone(from, scratch, damage)?
            }
            opened => opened?,
        };
        let missing = map.missing(&StoreDir::prepare(from, &LAYOUT)?);
        let mut rescued = Rescued::new(map);
        rescued.missing = missing.map(|error| error.to_string());
        Ok(rescued)
    }

    /// Saves what is whole of a damaged store into a directory, as a store on sled.
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
    /// Copies the store into a directory, as a store on sled, while it goes on working.
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
    pub async fn snapshot_to_sled(
        &self,
        dir: impl AsRef<Path> + Send,
    ) -> Result<CopyReport, StorageError> {
        snapshot_into(dir.as_ref(), self, |path| SledKv::open(path)).await
    }
}

fn unchecked() -> SledOptions {
    SledOptions {
        check: OpenCheck::Nothing,
        ballast_bytes: 0,
        ..SledOptions::default()
    }
}

/// Opens what the log by itself still tells: with its snapshot sled opens only if the log has all
/// that the snapshot points to.
///
/// The files are copied anew, since sled has cleared in the copy what it took for torn. Where
/// nothing is left, it is the first try's error that tells why.
fn by_log_alone(from: &Path, scratch: &Path, damage: KvError) -> Result<SledKv, KvError> {
    let failed = |e: io::Error| KvError::io(format!("copy the log of {}", from.display()), e);
    if !recovery::has_snapshot(from).map_err(failed)? {
        return Err(damage);
    }
    tracing::warn!(
        path = %from.display(), ?damage,
        "sled does not open with its snapshot: reading its log alone"
    );
    fs::remove_dir_all(scratch).map_err(failed)?;
    let dir = rescue(from, scratch, &LAYOUT)?;
    recovery::remove_snapshots(dir.path()).map_err(failed)?;
    match SledKv::reopened(dir, &unchecked()) {
        Err(error) if error.kind() != ErrorKind::Damaged => Err(error),
        Ok(map) if has_rows(&map) => Ok(map),
        _ => Err(damage),
    }
}

fn has_rows(map: &SledKv) -> bool {
    let first = map.scan(
        &KeyRange::prefix(&[]),
        SortOrder::Ascending,
        NonZeroUsize::MIN,
    );
    first.is_ok_and(|rows| !rows.is_empty())
}
