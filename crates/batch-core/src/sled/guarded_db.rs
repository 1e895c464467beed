use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::nudger::Nudger;
use super::{SledOptions, recovery};
use crate::embedded::StoreDir;
use crate::failpoint::{Failpoint, reach};
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// How long sled's threads may keep its files open after it was dropped.
const CLOSING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(1);

/// sled with a handle of our own on its log, whose panics end here.
#[derive(Debug)]
pub(super) struct GuardedDb {
    /// Both are `None` only while it is dropped.
    db: Option<::sled::Db>,
    nudger: Option<Nudger>,
    log: File,
    dir: StoreDir,
}

impl GuardedDb {
    /// Opens sled. Needs the store's lock.
    ///
    /// Our handle comes first: a handle hears of failed writes from when it was opened.
    pub(super) fn open(dir: &StoreDir, options: &SledOptions, log: File) -> Result<Self, Fault> {
        let db = open_when_free(dir, options)?;
        let tree = ::sled::Tree::clone(&db);
        let mut guarded = Self {
            db: Some(db),
            nudger: None,
            log,
            dir: dir.clone(),
        };
        let nudger = Nudger::watch(tree).map_err(|e| Fault::Sled(e.into()))?;
        guarded.nudger = Some(nudger);
        Ok(guarded)
    }

    /// Reads or writes. Panics come back as faults.
    pub(super) fn call<T>(
        &self,
        call: impl FnOnce(&::sled::Tree) -> ::sled::Result<T>,
    ) -> Result<T, Fault> {
        let db = self.db.as_ref().expect("the database is there until drop");
        Fault::catch(|| call(db))
    }

    /// Applies a batch and hands it to the operating system, not yet to the disk.
    pub(super) fn write(&self, batch: ::sled::Batch, writes: usize) -> Result<(), Fault> {
        let written = self.call(|tree| {
            tree.apply_batch(batch)?;
            reach(Failpoint::SledApplied);
            match &self.nudger {
                Some(nudger) => nudger.during(|| tree.flush()),
                None => tree.flush(),
            }
        });
        reach(Failpoint::SledFlushed);
        collect_garbage(writes);
        written.map(drop)
    }

    /// The file that everything is in.
    pub(super) const fn log(&self) -> &File {
        &self.log
    }

    /// Makes all that was written durable. Never to be tried again once it failed.
    ///
    /// sled's `flush` leaves the size of the file and the disk's own cache behind.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.log.sync_data()?;
        self.dir.check_place(&self.log)
    }
}

impl Drop for GuardedDb {
    /// Returns once sled has let go of its files, so that the store can be opened again.
    fn drop(&mut self) {
        self.nudger.take();
        let db = self.db.take();
        if let Err(fault) = Fault::catch(|| {
            drop(db);
            Ok(())
        }) {
            tracing::error!(?fault, "sled panicked while it was closed");
        }
        let deadline = Instant::now() + CLOSING;
        while self.log.try_lock().is_err() {
            if Instant::now() > deadline {
                tracing::warn!("sled still holds its files after {CLOSING:?}");
                return;
            }
            std::thread::sleep(PAUSE);
        }
        // For the same reason as the store's lock: not only closed.
        let _ = self.log.unlock();
    }
}

/// A process that was killed may hold sled's lock for a moment longer than ours.
fn open_when_free(dir: &StoreDir, options: &SledOptions) -> Result<::sled::Db, Fault> {
    let config = options.config(dir.path());
    let deadline = Instant::now() + CLOSING;
    loop {
        recovery::remove_half_snapshots(dir.path()).map_err(|e| Fault::Sled(e.into()))?;
        match Fault::catch(|| config.open()) {
            Err(fault) if fault.is_held() && Instant::now() < deadline => {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// `apply_batch`, and a long scan, make garbage faster than sled's epochs move on by
/// themselves: pinning and flushing about once in 64 rows keeps the memory flat.
pub(super) fn collect_garbage(writes: usize) {
    for _ in 0..writes / 64 + 2 {
        crossbeam_epoch::pin().flush();
    }
}

/// The error for a fault while a store is opened.
pub(super) fn unopened(dir: &StoreDir, fault: Fault) -> KvError {
    if fault.is_held() {
        let doing = format!(
            "{} is held by a program that uses sled itself",
            dir.data().display()
        );
        return KvError::new(ErrorKind::Locked, doing);
    }
    fault.into_error(&format!("open {}", dir.path().display()))
}
