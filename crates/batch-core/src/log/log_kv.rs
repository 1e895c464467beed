use std::num::NonZeroUsize;
use std::path::Path;

use super::LogOptions;
use super::layout::LAYOUT;
use super::log_reader::OnDamage;
use super::open_log::OpenLog;
use super::opening::{Opened, create, reopen};
use crate::embedded::{FailStop, Found, Mark, StoreDir, StoreLock};
use crate::failpoint::{Failpoint, reach};
use crate::kv::{ByteSize, KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch};
use crate::storage::{Description, Durability, ErrorKind, SortOrder};

/// An ordered map of bytes in a directory, on a log of our own.
///
/// What it promises and what that cost is told by [the module](super).
#[derive(Debug)]
pub struct LogKv {
    dir: StoreDir,
    log: OpenLog,
    mark: Mark,
    failure: FailStop,
    /// Last, so that the store is free only when its files are closed.
    _lock: StoreLock,
}

impl LogKv {
    /// The largest key and value together: 64 MiB.
    pub const PAIR_LIMIT: usize = 64 << 20;

    /// The size of value that records are cut to: 16,256 bytes.
    ///
    /// Each value takes a place in memory and a read, so few large ones are better than many
    /// small ones; a record that is changed in part is written anew as a whole.
    const PREFERRED_VALUE: usize = (16 << 10) - 128;

    /// Opens the store in a directory, or makes one where there is nothing.
    ///
    /// The directory and its parents are made if they are not there. The whole log is read.
    ///
    /// # Errors
    ///
    /// - `Locked` when another process, or this one, has it open; the message
    ///   names the path and the holder.
    /// - `Damaged` when its files are not as they were written, or have fewer commits than were
    ///   acknowledged; the message names the file and the place in it.
    /// - `NewerFormat` when a newer program made it.
    /// - `Unavailable` when the path is a file, may not be read or written, is
    ///   a store on another backend, or a directory that holds something else.
    ///   Nothing in it is then changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, KvError> {
        Self::open_with(path, &LogOptions::default())
    }

    /// Opens a store with options of your own.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: &LogOptions) -> Result<Self, KvError> {
        let dir = StoreDir::prepare(path.as_ref(), &LAYOUT)?;
        // Before the lock, which writes into the directory.
        dir.inspect()?;
        let lock = StoreLock::take(dir.path())?;
        let opened = match dir.inspect()? {
            Found::Nothing | Found::Unfinished => create(&dir, options)?,
            Found::Store => reopen(&dir, options, OnDamage::Refuse)?,
        };
        Ok(Self::of(dir, lock, opened).0)
    }

    /// The store in a directory, which must have one, as far as it can be read; and the first
    /// damage that was found.
    pub(super) fn reopened_damaged(dir: StoreDir) -> Result<(Self, Option<KvError>), KvError> {
        let lock = StoreLock::take(dir.path())?;
        let opened = reopen(&dir, &LogOptions::default(), OnDamage::PassOver)?;
        Ok(Self::of(dir, lock, opened))
    }

    fn of(dir: StoreDir, lock: StoreLock, opened: Opened) -> (Self, Option<KvError>) {
        let kv = Self {
            dir,
            log: opened.log,
            mark: opened.mark,
            failure: FailStop::default(),
            _lock: lock,
        };
        (kv, opened.passed_over)
    }

    /// Why it does not hold what the store in a directory has acknowledged, whose files it has.
    pub(super) fn missing(&self, original: &StoreDir) -> Option<KvError> {
        let held = self.mark.number();
        let checked = Mark::open(original).and_then(|mark| mark.check(Some(held), original));
        checked.err()
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} {}", self.dir.path().display())
    }

    fn write(&mut self, writes: WriteBatch, number: u64) -> Result<(), KvError> {
        self.log.commit(writes, number)?;
        let marked = self.mark.advance(number);
        marked.map_err(|e| KvError::io(self.doing("commit to"), e))?;
        reach(Failpoint::LogMarked);
        Ok(())
    }
}

impl OrderedKv for LogKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("log", Durability::PowerCut),
            preferred_value: Self::PREFERRED_VALUE,
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        let place = self.log.place(key);
        place.map(|place| self.log.read(place)).transpose()
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
        let mut found = self.log.range(range);
        let next = || match order {
            SortOrder::Ascending => found.next(),
            SortOrder::Descending => found.next_back(),
        };
        std::iter::from_fn(next)
            .take(limit.get())
            .map(|(key, place)| {
                Ok(KeyValue {
                    key: key.to_vec(),
                    value: self.log.read(place)?,
                })
            })
            .collect()
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
        let free = self.dir.free_bytes();
        let free = free.map_err(|e| KvError::io(self.doing("measure"), e))?;
        let bytes = self.log.bytes();
        let compaction = self.log.compaction();
        let to_come = compaction.to_be_freed(bytes);
        let kept = compaction.room_to_carry(bytes);
        let left = |free: u64| free.saturating_add(to_come).saturating_sub(kept);
        Ok(Some(Space {
            used: ByteSize::new(bytes.total.min(2 * bytes.live)),
            left: free.map(|free| ByteSize::new(left(free))),
        }))
    }
}

impl Drop for LogKv {
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

/// A length stands in four bytes, and an entry in one piece in memory.
fn check_sizes(writes: &WriteBatch) -> Result<(), KvError> {
    for (key, value) in writes.iter() {
        let value = value.map_or(0, <[u8]>::len);
        if key.len() + value > LogKv::PAIR_LIMIT {
            let doing = format!(
                "store a value of {value} bytes under a key of {}: at most {} bytes together",
                key.len(),
                LogKv::PAIR_LIMIT
            );
            return Err(KvError::new(ErrorKind::Invalid, doing));
        }
    }
    Ok(())
}
