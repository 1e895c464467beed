//! How a store is made and how it is opened again.

use std::fs::File;
use std::io;

use super::ballast::Ballast;
use super::checking::{check_apart, check_content, check_last, known_bytes};
use super::guarded_db::{GuardedDb, unopened};
use super::key_space::{LAST, fence};
use super::last_commit::LastCommit;
use super::room::open_in_room;
use super::{OpenCheck, SledOptions};
use crate::embedded::{ContentBytes, Mark, StoreDir, sync_dir};
use crate::failpoint::{Failpoint, reach};
use crate::kv::KvError;

/// A store that is open, and what it held when it was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) db: GuardedDb,
    pub(super) mark: Mark,
    pub(super) last: LastCommit,
    pub(super) bytes: ContentBytes,
}

/// Makes a store in a directory that has none. Needs the lock.
///
/// The mark gets its name last: a creation that is cut short, by a kill or by
/// the power, is begun anew, and a store with a mark is whole on the disk.
pub(super) fn create(dir: &StoreDir, options: &SledOptions) -> Result<Opened, KvError> {
    let doing = format!("create a store in {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mark = Mark::create(dir)?;
    reach(Failpoint::NewMarkMade);
    dir.sync().map_err(failed)?;
    dir.clear_unfinished().map_err(failed)?;
    reach(Failpoint::LeftoversCleared);
    Ballast::new(dir.path(), options.ballast_bytes)
        .create()
        .map_err(failed)?;
    let log = File::create(dir.data()).map_err(failed)?;
    reach(Failpoint::DataFileMade);
    let db = GuardedDb::open(dir, options, log).map_err(|fault| unopened(dir, fault))?;
    reach(Failpoint::DatabaseOpened);
    let (first, writes) = first_batch();
    db.write(first, writes)
        .map_err(|fault| fault.into_error(&doing))?;
    settle(dir, &db).map_err(failed)?;
    let last = LastCommit::default();
    Ok(Opened {
        db,
        mark,
        last,
        bytes: ContentBytes::default(),
    })
}

fn settle(dir: &StoreDir, db: &GuardedDb) -> io::Result<()> {
    db.sync()?;
    File::open(dir.path().join("conf"))?.sync_all()?;
    sync_dir(&dir.path().join("blobs"))?;
    reach(Failpoint::DataSynced);
    dir.finish_creation()
}

fn first_batch() -> (::sled::Batch, usize) {
    let mut batch = ::sled::Batch::default();
    batch.insert(&LAST, LastCommit::default().encode());
    let mut writes = 1;
    for key in fence() {
        batch.insert(&key, &[]);
        writes += 1;
    }
    (batch, writes)
}

/// Opens a store again and holds it against its mark. Needs the lock.
pub(super) fn reopen(dir: &StoreDir, options: &SledOptions) -> Result<Opened, KvError> {
    let doing = format!("open {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mut mark = Mark::open(dir)?;
    reach(Failpoint::MarkRead);
    let mut ballast = Ballast::new(dir.path(), options.ballast_bytes);
    let log = dir.open_data()?;
    let checked = match options.check {
        OpenCheck::Everything => {
            let log = log.try_clone().map_err(failed)?;
            Some(check_apart(dir, options, &mark, &mut ballast, log)?)
        }
        OpenCheck::LastCommit | OpenCheck::Nothing => None,
    };
    let db = open_in_room(dir, options, &mut ballast, log)?;
    ballast.restore();
    reach(Failpoint::DatabaseOpened);
    let last = check_last(&db, &mark, dir, options.check)?;
    let bytes = match (checked, options.check, known_bytes(&db, last, dir)?) {
        (Some(checked), ..) => checked.bytes_at(last, dir)?,
        (None, OpenCheck::LastCommit, None) => check_content(&db, last, dir)?,
        (None, _, known) => known.unwrap_or_default(),
    };
    reach(Failpoint::DatabaseChecked);
    // What the next reader sees may be what a killed process wrote or named and did not sync.
    db.sync().map_err(failed)?;
    dir.sync().map_err(failed)?;
    reach(Failpoint::ReopeningSynced);
    mark.record(last.number).map_err(failed)?;
    reach(Failpoint::MarkRecorded);
    mark.sync().map_err(failed)?;
    Ok(Opened {
        db,
        mark,
        last,
        bytes,
    })
}
