//! Copies of a store that get their name once they are whole.

use std::path::Path;

use super::staging_dir::StagingDir;
use crate::kv::{
    CopyReport, KvError, KvOptions, KvStorage, OrderedKv, Rescued, SalvageReport, salvage,
};
use crate::storage::StorageError;

/// Saves what is whole of a damaged store into the store that `open` makes for `dir`.
pub(crate) fn salvage_into<F: OrderedKv, T: OrderedKv>(
    dir: &Path,
    from: &Rescued<F>,
    options: &KvOptions,
    open: impl FnOnce(&Path) -> Result<T, KvError>,
) -> Result<SalvageReport, StorageError> {
    let staging = StagingDir::prepare(dir)?;
    let salvaged = salvage(from, open(staging.path())?, options)?;
    drop(salvaged.map);
    staging.publish()?;
    Ok(salvaged.report)
}

/// Copies a store that goes on working into the store that `open` makes for `dir`.
///
/// # Cancel safety
///
/// Dropping the future ends the copying and removes what there is of the copy.
pub(crate) async fn snapshot_into<F: OrderedKv, T: OrderedKv>(
    dir: &Path,
    from: &KvStorage<F>,
    open: impl FnOnce(&Path) -> Result<T, KvError>,
) -> Result<CopyReport, StorageError> {
    let staging = StagingDir::prepare(dir)?;
    let copied = from.snapshot(open(staging.path())?).await?;
    drop(copied.map);
    staging.publish()?;
    Ok(copied.report)
}
