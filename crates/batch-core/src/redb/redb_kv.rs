use std::num::NonZeroUsize;
use std::path::Path;

use super::RedbOptions;
use super::fault::Fault;
use super::guarded_db::{GuardedDb, View};
use super::layout::LAYOUT;
use super::opening::{Opened, create, reopen};
use crate::embedded::{ContentBytes, FailStop, Footprint, Found, Mark, StoreDir, StoreLock};
use crate::failpoint::{Failpoint, reach};
use crate::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch};
use crate::storage::{Description, Durability, ErrorKind, SortOrder};

/// An ordered map of bytes in a directory, on redb 4.
///
/// What it promises and what that cost is told by [the module](super).
#[derive(Debug)]
pub struct RedbKv {
    dir: StoreDir,
    db: GuardedDb,
    mark: Mark,
    bytes: ContentBytes,
    failure: FailStop,
    /// Last, so that the store is free only when redb has let go of it.
    _lock: StoreLock,
}

impl RedbKv {
    /// The largest key and value together: 64 MiB.
    pub const PAIR_LIMIT: usize = 64 << 20;

    /// The size of value that records are cut to: 16,256 bytes.
    ///
    /// redb gives a value that fills more than a page of 4 KiB a page of its own, of the next
    /// power of two. This one fits a page of 16 KiB with its key; one of 19 KiB has 32 KiB
    /// written for it.
    const PREFERRED_VALUE: usize = (16 << 10) - 128;

    /// Pages are partly filled, and a commit writes pages anew before it frees the old ones.
    const FOOTPRINT: Footprint = Footprint { overhead: 2 };

    /// Opens the store in a directory, or makes one where there is nothing.
    ///
    /// The directory and its parents are made if they are not there.
    ///
    /// # Errors
    ///
    /// - `Locked` when another process, or this one, has it open; the message
    ///   names the path and the holder.
    /// - `Damaged` when redb cannot read its file or has fewer commits than were acknowledged.
    /// - `NewerFormat` when a newer program made it.
    /// - `Unavailable` when the path is a file, may not be read or written, is
    ///   a store on another backend, or a directory that holds something else,
    ///   a redb database of another program included. Nothing in it is then changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, KvError> {
        Self::open_with(path, &RedbOptions::default())
    }

    /// Opens a store with options of your own.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: &RedbOptions) -> Result<Self, KvError> {
        let dir = StoreDir::prepare(path.as_ref(), &LAYOUT)?;
        // Before the lock, which writes into the directory.
        dir.inspect()?;
        let lock = StoreLock::take(dir.path())?;
        let opened = match dir.inspect()? {
            Found::Nothing | Found::Unfinished => create(&dir, options)?,
            Found::Store => reopen(&dir, options)?,
        };
        Ok(Self::of(dir, lock, opened))
    }

    /// The store in a directory, which must have one.
    pub(super) fn reopened(dir: StoreDir, options: &RedbOptions) -> Result<Self, KvError> {
        let lock = StoreLock::take(dir.path())?;
        let opened = reopen(&dir, options)?;
        Ok(Self::of(dir, lock, opened))
    }

    fn of(dir: StoreDir, lock: StoreLock, opened: Opened) -> Self {
        Self {
            dir,
            db: opened.db,
            mark: opened.mark,
            bytes: opened.bytes,
            failure: FailStop::default(),
            _lock: lock,
        }
    }

    /// Why it does not hold what the store in a directory has acknowledged, whose file it has.
    pub(super) fn missing(&self, original: &StoreDir) -> Option<KvError> {
        let number = self.db.number().map_err(|fault| fault.into_error("read"));
        let checked = number.and_then(|number| Mark::open(original)?.check(number, original));
        checked.err()
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} {}", self.dir.path().display())
    }

    fn read<T>(
        &self,
        call: impl FnOnce(&View) -> Result<T, ::redb::StorageError>,
    ) -> Result<T, KvError> {
        self.db.read(call).map_err(|fault| {
            if fault.is_panic() {
                self.failure.fail("redb panicked");
            }
            fault.into_error(&self.doing("read"))
        })
    }

    fn write(&mut self, writes: WriteBatch, number: u64) -> Result<(), KvError> {
        let doing = self.doing("commit to");
        self.bytes = self
            .db
            .commit(writes, number, self.bytes)
            .map_err(|fault: Fault| fault.into_error(&doing))?;
        reach(Failpoint::RedbSynced);
        self.db.check_place().map_err(|e| KvError::io(&doing, e))?;
        self.mark
            .advance(number)
            .map_err(|e| KvError::io(&doing, e))?;
        reach(Failpoint::RedbMarked);
        Ok(())
    }
}

impl OrderedKv for RedbKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("redb", Durability::PowerCut),
            preferred_value: Self::PREFERRED_VALUE,
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.read(|view| Ok(view.get(key)?.map(|value| value.value().to_vec())))
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        if range.end.as_ref().is_some_and(|end| *end <= range.start) {
            return Ok(Vec::new());
        }
        self.read(|view| {
            let mut found = view.range::<&[u8]>(range.bounds())?;
            let next = || match order {
                SortOrder::Ascending => found.next(),
                SortOrder::Descending => found.next_back(),
            };
            std::iter::from_fn(next)
                .take(limit.get())
                .map(|pair| {
                    let (key, value) = pair?;
                    Ok(KeyValue {
                        key: key.value().to_vec(),
                        value: value.value().to_vec(),
                    })
                })
                .collect()
        })
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        self.failure.check(|| self.doing("commit to"))?;
        check_sizes(&writes)?;
        if writes.is_empty() {
            return Ok(());
        }
        let number = self.mark.number() + 1;
        let done = self.write(writes, number);
        if let Err(error) = &done {
            self.failure.fail(error.to_string());
        }
        done
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        let space = Self::FOOTPRINT.space(self.db.file(), &self.dir, self.bytes);
        space.map(Some)
    }
}

impl Drop for RedbKv {
    /// A clean close leaves a mark that is exact. After a failure the mark stays as it is.
    fn drop(&mut self) {
        if self.failure.has_failed() {
            return;
        }
        if let Err(error) = self.mark.sync() {
            tracing::warn!(%error, path = %self.dir.path().display(), "could not sync the mark");
        }
        reach(Failpoint::MarkClosed);
    }
}

/// redb would refuse a pair that is far larger in the midst of a commit.
fn check_sizes(writes: &WriteBatch) -> Result<(), KvError> {
    for (key, value) in writes.iter() {
        let value = value.map_or(0, <[u8]>::len);
        if key.len() + value > RedbKv::PAIR_LIMIT {
            let doing = format!(
                "store a value of {value} bytes under a key of {}: at most {} bytes together",
                key.len(),
                RedbKv::PAIR_LIMIT
            );
            return Err(KvError::new(ErrorKind::Invalid, doing));
        }
    }
    Ok(())
}
