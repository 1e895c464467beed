//! How a store is made and how it is opened again.

use std::fs::File;
use std::io;

use super::SledOptions;
use super::ballast::{Ballast, Release};
use super::fault::Fault;
use super::guarded_db::{GuardedDb, unopened};
use super::key_space::{NUMBER, fence};
use super::mark::Mark;
use super::store_dir::StoreDir;
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// Makes a store in a directory that has none. Needs the lock.
///
/// The mark gets its name last: a creation that is cut short, by a kill or by
/// the power, is begun anew, and a store with a mark is whole on the disk.
pub(super) fn create(dir: &StoreDir, options: &SledOptions) -> Result<(GuardedDb, Mark), KvError> {
    let doing = format!("create a store in {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mark = Mark::create(&dir.new_mark())?;
    dir.sync().map_err(failed)?;
    dir.clear_unfinished().map_err(failed)?;
    Ballast::new(dir.path(), options.ballast_bytes)
        .create()
        .map_err(failed)?;
    let log = File::create(dir.log()).map_err(failed)?;
    let db = GuardedDb::open(dir, options, log).map_err(|fault| unopened(dir, fault))?;
    let (first, writes) = first_batch();
    db.write(first, writes)
        .map_err(|fault| fault.into_error(&doing))?;
    settle(dir, &db).map_err(failed)?;
    Ok((db, mark))
}

fn settle(dir: &StoreDir, db: &GuardedDb) -> io::Result<()> {
    db.sync()?;
    dir.sync_settings()?;
    dir.sync()?;
    dir.sync_ancestors()?;
    std::fs::rename(dir.new_mark(), dir.mark())?;
    dir.sync()
}

fn first_batch() -> (::sled::Batch, usize) {
    let mut batch = ::sled::Batch::default();
    batch.insert(&NUMBER, &encode_number(0));
    let mut writes = 1;
    for key in fence() {
        batch.insert(&key, &[]);
        writes += 1;
    }
    (batch, writes)
}

/// Opens a store again and holds it against its mark. Needs the lock.
pub(super) fn reopen(dir: &StoreDir, options: &SledOptions) -> Result<(GuardedDb, Mark), KvError> {
    let doing = format!("open {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mut mark = Mark::open(&dir.mark())?;
    let ballast = Ballast::new(dir.path(), options.ballast_bytes);
    let db = match GuardedDb::open(dir, options, log_handle(dir)?) {
        Err(fault) if fault.is_full() => {
            make_room(dir, &ballast, fault)?;
            GuardedDb::open(dir, options, log_handle(dir)?)
        }
        Ok(db) => {
            ballast.restore();
            Ok(db)
        }
        fault => fault,
    }
    .map_err(|fault| unopened(dir, fault))?;
    let number = check_number(&db, &mark, dir)?;
    // What the next reader sees may be what a killed process wrote or named and did not sync.
    db.sync().map_err(failed)?;
    dir.sync().map_err(failed)?;
    mark.record(number).map_err(failed)?;
    mark.sync().map_err(failed)?;
    Ok((db, mark))
}

/// A store without its log is not to be filled with an empty one.
fn log_handle(dir: &StoreDir) -> Result<File, KvError> {
    let path = dir.log();
    match File::options().read(true).write(true).open(&path) {
        Ok(file) => Ok(file),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let doing = format!("{} is missing", path.display());
            Err(KvError::new(ErrorKind::Damaged, doing))
        }
        Err(e) => Err(KvError::io(format!("open {}", path.display()), e)),
    }
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

/// The number of the last commit that sled has, which must not be below the mark.
fn check_number(db: &GuardedDb, mark: &Mark, dir: &StoreDir) -> Result<u64, KvError> {
    let path = dir.path().display();
    let doing = format!("read the number of the last commit of {path}");
    let value = db
        .call(|tree| tree.get(NUMBER))
        .map_err(|fault| fault.into_error(&doing))?;
    let marked = mark.number();
    let number = value.as_deref().and_then(decode_number);
    match number {
        Some(number) if number >= marked => Ok(number),
        Some(number) => Err(damaged(format!(
            "{path} acknowledged commit {marked} and ends at commit {number}"
        ))),
        None => Err(damaged(format!(
            "{path} acknowledged commit {marked} and holds no number of a commit"
        ))),
    }
}

fn damaged(what: String) -> KvError {
    KvError::new(ErrorKind::Damaged, what)
}

/// The value under [`NUMBER`].
pub(super) fn encode_number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

fn decode_number(value: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(value.try_into().ok()?))
}
