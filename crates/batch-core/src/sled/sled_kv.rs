use std::num::NonZeroUsize;
use std::path::Path;

use super::SledOptions;
use super::checking::check_content;
use super::content_sum::ContentSum;
use super::fault::Fault;
use super::guarded_db::GuardedDb;
use super::key_space::{BYTES, LAST, inward, inward_range, outward};
use super::last_commit::{LastCommit, encode_bytes};
use super::layout::LAYOUT;
use super::opening::{Opened, create, reopen};
use crate::embedded::{ContentBytes, FailStop, Footprint, Found, Mark, StoreDir, StoreLock};
use crate::failpoint::{Failpoint, reach};
use crate::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch};
use crate::storage::{Description, Durability, ErrorKind, SortOrder};

/// An ordered map of bytes in a directory, on sled 0.34.
///
/// What it promises and what that cost is told by [the module](super).
#[derive(Debug)]
pub struct SledKv {
    dir: StoreDir,
    db: GuardedDb,
    mark: Mark,
    last: LastCommit,
    bytes: ContentBytes,
    failure: FailStop,
    /// Last, so that the store is free only when sled has let go of it.
    _lock: StoreLock,
}

impl SledKv {
    /// The largest value: 3,600 bytes.
    pub const VALUE_LIMIT: usize = 3_600;
    /// The largest key and value together: 4,096 bytes.
    pub const PAIR_LIMIT: usize = 4_096;

    /// Its log has live and dead segments: it grows to about three times what it holds.
    const FOOTPRINT: Footprint = Footprint { overhead: 3 };

    /// Opens the store in a directory, or makes one where there is nothing.
    ///
    /// The directory and its parents are made if they are not there.
    ///
    /// # Errors
    ///
    /// - `Locked` when another process, or this one, has it open; the message
    ///   names the path and the holder.
    /// - `Damaged` when sled cannot read its files or has fewer commits than were acknowledged.
    /// - `NewerFormat` when a newer program made it.
    /// - `Unavailable` when the path is a file, may not be read or written, or
    ///   is a directory that holds something else, a sled database of another
    ///   program included. Nothing in it is then changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, KvError> {
        Self::open_with(path, &SledOptions::default())
    }

    /// Opens a store with options of your own.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: &SledOptions) -> Result<Self, KvError> {
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
    pub(super) fn reopened(dir: StoreDir, options: &SledOptions) -> Result<Self, KvError> {
        let lock = StoreLock::take(dir.path())?;
        let opened = reopen(&dir, options)?;
        Ok(Self::of(dir, lock, opened))
    }

    fn of(dir: StoreDir, lock: StoreLock, opened: Opened) -> Self {
        Self {
            dir,
            db: opened.db,
            mark: opened.mark,
            last: opened.last,
            bytes: opened.bytes,
            failure: FailStop::default(),
            _lock: lock,
        }
    }

    /// Why it does not hold what the store in a directory has acknowledged, whose files it has.
    pub(super) fn missing(&self, original: &StoreDir) -> Option<KvError> {
        let number = Some(self.last.number);
        let checked = Mark::open(original)
            .and_then(|mark| mark.check(number, original))
            .and_then(|_| check_content(&self.db, self.last, original));
        checked.err()
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} {}", self.dir.path().display())
    }

    fn read<T>(&self, call: impl FnOnce(&::sled::Tree) -> ::sled::Result<T>) -> Result<T, KvError> {
        self.db.call(call).map_err(|fault| {
            if fault.is_panic() {
                self.failure.fail("sled panicked");
            }
            fault.into_error(&self.doing("read"))
        })
    }

    fn write(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let doing = self.doing("commit to");
        let count = writes.len() + 2;
        let failed = |fault: Fault| fault.into_error(&doing);
        let (mut batch, content, bytes) = self.prepare(writes).map_err(failed)?;
        let number = self.last.number + 1;
        let last = LastCommit { number, content };
        batch.insert(&LAST, last.encode());
        batch.insert(&BYTES, &encode_bytes(number, bytes));
        reach(Failpoint::SledPrepared);
        self.db.write(batch, count).map_err(failed)?;
        self.db.sync().map_err(|e| KvError::io(&doing, e))?;
        reach(Failpoint::SledSynced);
        self.last = last;
        self.bytes = bytes;
        self.mark
            .advance(number)
            .map_err(|e| KvError::io(&doing, e))?;
        reach(Failpoint::SledMarked);
        Ok(())
    }

    /// The writes for sled, and what the store adds up to after them.
    fn prepare(
        &self,
        writes: WriteBatch,
    ) -> Result<(::sled::Batch, ContentSum, ContentBytes), Fault> {
        self.db.call(|tree| {
            let mut batch = ::sled::Batch::default();
            let mut content = self.last.content;
            let mut bytes = self.bytes;
            for (key, value) in writes {
                let key = inward(&key);
                if let Some(old) = tree.get(&key)? {
                    content.remove(&key, &old);
                    bytes.remove(&key, &old);
                }
                match value {
                    Some(value) => {
                        content.add(&key, &value);
                        bytes.add(&key, &value);
                        batch.insert(key.as_ref(), value);
                    }
                    None => batch.remove(key.as_ref()),
                }
            }
            Ok((batch, content, bytes))
        })
    }
}

impl OrderedKv for SledKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("sled", Durability::PowerCut),
            preferred_value: Self::VALUE_LIMIT,
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        let value = self.read(|tree| tree.get(inward(key)))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        let range = inward_range(range);
        if range.end.as_ref().is_some_and(|end| *end <= range.start) {
            return Ok(Vec::new());
        }
        self.read(|tree| {
            let mut found = tree.range::<&[u8], _>(range.bounds());
            let next = || match order {
                SortOrder::Ascending => found.next(),
                SortOrder::Descending => found.next_back(),
            };
            std::iter::from_fn(next)
                .take(limit.get())
                .map(|pair| pair.map(key_value))
                .collect()
        })
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        self.failure.check(|| self.doing("commit to"))?;
        check_sizes(&writes)?;
        if writes.is_empty() {
            return Ok(());
        }
        let done = self.write(writes);
        if let Err(error) = &done {
            self.failure.fail(error.to_string());
        }
        done
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        let space = Self::FOOTPRINT.space(self.db.log(), &self.dir, self.bytes);
        space.map(Some)
    }
}

impl Drop for SledKv {
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

/// Larger values would make pages that sled puts into files it never syncs.
fn check_sizes(writes: &WriteBatch) -> Result<(), KvError> {
    for (key, value) in writes.iter() {
        let value = value.map_or(0, <[u8]>::len);
        if value > SledKv::VALUE_LIMIT || key.len() + value > SledKv::PAIR_LIMIT {
            let doing = format!(
                "store a value of {value} bytes under a key of {}: at most {} bytes, and {} with the key",
                key.len(),
                SledKv::VALUE_LIMIT,
                SledKv::PAIR_LIMIT
            );
            return Err(KvError::new(ErrorKind::Invalid, doing));
        }
    }
    Ok(())
}

fn key_value((key, value): (::sled::IVec, ::sled::IVec)) -> KeyValue {
    KeyValue {
        key: outward(&key),
        value: value.to_vec(),
    }
}
