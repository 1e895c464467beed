use std::num::NonZeroUsize;
use std::sync::Arc;

use batch_core::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch};
use batch_core::memory::MemoryKv;
use batch_core::storage::{Description, Durability, ErrorKind, SortOrder, StorageError};
use parking_lot::Mutex;

/// A map that outlives its storage, small-valued, and that fails when it is told to.
#[derive(Debug, Clone)]
pub struct FaultyKv {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    map: MemoryKv,
    commits: u64,
    writes: u64,
    fault: Option<Fault>,
    space: Option<Space>,
}

/// What happens at a commit.
#[allow(dead_code, reason = "two test programs use it, each its own part")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// From this commit on: an error, and nothing is written.
    LoseFrom(u64),
    /// From this commit on: an error, though the first of them is written whole.
    KeepFrom(u64),
}

#[allow(dead_code, reason = "two test programs use it, each its own part")]
impl FaultyKv {
    pub fn new() -> Self {
        let inner = Inner {
            map: MemoryKv::with_preferred_value(512),
            commits: 0,
            writes: 0,
            fault: None,
            space: None,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Plans a fault, counted from the commits so far; `None` heals the map.
    pub fn plan(&self, fault: Option<Fault>) {
        self.inner.lock().fault = fault;
    }

    /// Sets what the map says of its size from now on.
    pub fn set_space(&self, space: Option<Space>) {
        self.inner.lock().space = space;
    }

    /// How many commits there were.
    pub fn commits(&self) -> u64 {
        self.inner.lock().commits
    }

    /// How many keys were written or deleted.
    pub fn writes(&self) -> u64 {
        self.inner.lock().writes
    }

    /// All keys, to look for what should not be there.
    pub fn dump(&self) -> Vec<KeyValue> {
        let all = KeyRange::prefix(b"");
        let inner = self.inner.lock();
        inner
            .map
            .scan(&all, SortOrder::Ascending, NonZeroUsize::MAX)
            .unwrap()
    }

    /// Writes past the storage, to damage what it holds.
    pub fn tamper(&self, writes: WriteBatch) {
        self.inner.lock().map.commit(writes).unwrap();
    }
}

impl OrderedKv for FaultyKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("faulty", Durability::ProcessDeath),
            preferred_value: 512,
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.inner.lock().map.get(key)
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        self.inner.lock().map.scan(range, order, limit)
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let mut inner = self.inner.lock();
        let number = inner.commits;
        inner.commits += 1;
        inner.writes += writes.len() as u64;
        let failed = || StorageError::new(ErrorKind::Unavailable, "commit: a planned fault");
        match inner.fault {
            Some(Fault::LoseFrom(n)) if number >= n => Err(failed()),
            Some(Fault::KeepFrom(n)) if number > n => Err(failed()),
            Some(Fault::KeepFrom(n)) if number == n => {
                inner.map.commit(writes)?;
                Err(failed())
            }
            _ => inner.map.commit(writes),
        }
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        Ok(self.inner.lock().space)
    }
}
