//! How a store is made and how it is opened again.

use std::fs::File;
use std::io;

use super::ballast::{Ballast, Release};
use super::content_sum::ContentSum;
use super::fault::Fault;
use super::guarded_db::{GuardedDb, collect_garbage, unopened};
use super::key_space::{BYTES, FIRST_OF_USERS, LAST, fence};
use super::last_commit::{LastCommit, decode_bytes};
use super::{OpenCheck, SledOptions};
use crate::embedded::{ContentBytes, Mark, StoreDir, sync_dir};
use crate::failpoint::{Failpoint, reach};
use crate::kv::KvError;
use crate::storage::ErrorKind;

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
    let ballast = Ballast::new(dir.path(), options.ballast_bytes);
    let db = match GuardedDb::open(dir, options, dir.open_data()?) {
        Err(fault) if fault.is_full() => {
            make_room(dir, &ballast, fault)?;
            GuardedDb::open(dir, options, dir.open_data()?)
        }
        Ok(db) => {
            ballast.restore();
            Ok(db)
        }
        fault => fault,
    }
    .map_err(|fault| unopened(dir, fault))?;
    reach(Failpoint::DatabaseOpened);
    let last = check_last(&db, &mark, dir, options.check)?;
    let known = known_bytes(&db, last, dir)?;
    let bytes = match (options.check, known) {
        (OpenCheck::Everything, _) | (OpenCheck::LastCommit, None) => {
            check_content(&db, last, dir)?
        }
        (OpenCheck::LastCommit | OpenCheck::Nothing, known) => known.unwrap_or_default(),
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

fn make_room(dir: &StoreDir, ballast: &Ballast, fault: Fault) -> Result<(), KvError> {
    match ballast.release() {
        Ok(Release::Released) => {
            tracing::warn!(
                path = %dir.path().display(), ?fault,
                "the disk is full: gave up the ballast in order to open the store"
            );
            Ok(())
        }
        Ok(Release::NothingThere) => Err(unopened(dir, fault)),
        Err(e) => Err(KvError::io(
            format!("make room in {}", dir.path().display()),
            e,
        )),
    }
}

/// The last commit that sled has, which must not be before the mark.
fn check_last(
    db: &GuardedDb,
    mark: &Mark,
    dir: &StoreDir,
    check: OpenCheck,
) -> Result<LastCommit, KvError> {
    let path = dir.path().display();
    let value = db
        .call(|tree| tree.get(LAST))
        .map_err(|fault| fault.into_error(&format!("read the last commit of {path}")))?;
    let last = value.as_deref().and_then(LastCommit::decode);
    if check != OpenCheck::Nothing {
        mark.check(last.map(|last| last.number), dir)?;
    }
    Ok(last.unwrap_or_default())
}

/// The bytes of all rows, if the last commit has noted them.
fn known_bytes(
    db: &GuardedDb,
    last: LastCommit,
    dir: &StoreDir,
) -> Result<Option<ContentBytes>, KvError> {
    let path = dir.path().display();
    let value = db
        .call(|tree| tree.get(BYTES))
        .map_err(|fault| fault.into_error(&format!("read the last commit of {path}")))?;
    Ok(value.and_then(|value| decode_bytes(&value, last.number)))
}

/// sled skips what it cannot read, and then shows older rows or none. Gives the bytes of all.
pub(super) fn check_content(
    db: &GuardedDb,
    last: LastCommit,
    dir: &StoreDir,
) -> Result<ContentBytes, KvError> {
    let path = dir.path().display();
    let (found, bytes) = db
        .call(sum_of_users)
        .map_err(|fault| fault.into_error(&format!("check {path}")))?;
    if found == last.content {
        return Ok(bytes);
    }
    Err(damaged(format!(
        "{path} holds {} rows that are not the {} rows that commit {} left",
        found.pairs(),
        last.content.pairs(),
        last.number
    )))
}

/// sled looks at the size of its cache only once a page was used dozens of times: reading
/// each row again by its key makes it do so before all of the store is in memory.
fn sum_of_users(tree: &::sled::Tree) -> ::sled::Result<(ContentSum, ContentBytes)> {
    let mut sum = ContentSum::default();
    let mut bytes = ContentBytes::default();
    for (read, pair) in tree.range(FIRST_OF_USERS..).enumerate() {
        let (key, value) = pair?;
        sum.add(&key, &value);
        bytes.add(&key, &value);
        tree.get(&key)?;
        if read % 64 == 0 {
            collect_garbage(0);
        }
    }
    Ok((sum, bytes))
}

fn damaged(what: String) -> KvError {
    KvError::new(ErrorKind::Damaged, what)
}
