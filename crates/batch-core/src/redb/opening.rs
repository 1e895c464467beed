//! How a store is made and how it is opened again.

use std::fs::File;
use std::io;

use super::RedbOptions;
use super::guarded_db::{GuardedDb, unopened};
use crate::embedded::{ContentBytes, Mark, StoreDir};
use crate::failpoint::{Failpoint, reach};
use crate::kv::{KvError, WriteBatch};
use crate::storage::ErrorKind;

/// A store that is open, and what it held when it was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) db: GuardedDb,
    pub(super) mark: Mark,
    pub(super) bytes: ContentBytes,
}

/// Makes a store in a directory that has none. Needs the lock.
///
/// The mark gets its name last: a creation that is cut short, by a kill or by
/// the power, is begun anew, and a store with a mark is whole on the disk.
pub(super) fn create(dir: &StoreDir, options: &RedbOptions) -> Result<Opened, KvError> {
    let doing = format!("create a store in {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mark = Mark::create(dir)?;
    reach(Failpoint::NewMarkMade);
    dir.sync().map_err(failed)?;
    dir.clear_unfinished().map_err(failed)?;
    reach(Failpoint::LeftoversCleared);
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(dir.data())
        .map_err(failed)?;
    reach(Failpoint::DataFileMade);
    let mut db = GuardedDb::open(dir, options, file).map_err(|fault| unopened(dir, fault))?;
    reach(Failpoint::DatabaseOpened);
    let bytes = db
        .commit(WriteBatch::new(), 0, ContentBytes::default())
        .map_err(|fault| fault.into_error(&doing))?;
    db.sync().map_err(failed)?;
    reach(Failpoint::DataSynced);
    dir.finish_creation().map_err(failed)?;
    Ok(Opened { db, mark, bytes })
}

/// Opens a store again and holds it against its mark. Needs the lock.
pub(super) fn reopen(dir: &StoreDir, options: &RedbOptions) -> Result<Opened, KvError> {
    let doing = format!("open {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mut mark = Mark::open(dir)?;
    reach(Failpoint::MarkRead);
    let file = dir.open_data()?;
    refuse_empty(&file, dir)?;
    let db = GuardedDb::open(dir, options, file).map_err(|fault| unopened(dir, fault))?;
    reach(Failpoint::DatabaseOpened);
    let found = db.number().map_err(|fault| unopened(dir, fault))?;
    let number = mark.check(found, dir)?;
    let bytes = db.bytes(number).map_err(|fault| unopened(dir, fault))?;
    reach(Failpoint::DatabaseChecked);
    // What the next reader sees may be what a killed process wrote or named and did not sync.
    db.sync().map_err(failed)?;
    dir.sync().map_err(failed)?;
    reach(Failpoint::ReopeningSynced);
    mark.record(number).map_err(failed)?;
    reach(Failpoint::MarkRecorded);
    mark.sync().map_err(failed)?;
    Ok(Opened { db, mark, bytes })
}

/// redb would begin an empty file anew.
fn refuse_empty(file: &File, dir: &StoreDir) -> Result<(), KvError> {
    let path = dir.data();
    match file.metadata() {
        Ok(metadata) if metadata.len() > 0 => Ok(()),
        Ok(_) => {
            let doing = format!("{} is empty", path.display());
            Err(KvError::new(ErrorKind::Damaged, doing))
        }
        Err(e) => Err(KvError::io(format!("open {}", path.display()), e)),
    }
}
