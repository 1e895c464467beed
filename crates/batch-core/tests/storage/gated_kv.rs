use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::ThreadId;

use batch_core::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch};
use batch_core::memory::MemoryKv;
use batch_core::storage::{Description, Durability, SortOrder};
use parking_lot::{Condvar, Mutex};

/// A map that holds its commits back for as long as it is told to, and remembers them.
#[derive(Debug, Clone)]
pub struct GatedKv {
    durability: Durability,
    inner: Arc<(Mutex<Inner>, Condvar)>,
}

#[derive(Debug)]
struct Inner {
    map: MemoryKv,
    held: bool,
    commits: Vec<Commit>,
    /// How often the space was asked for since the last commit.
    asked: usize,
}

/// One commit as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Commit {
    pub thread: ThreadId,
    pub bytes: usize,
    /// How often the space was asked for since the commit before.
    pub asked: usize,
}

impl GatedKv {
    pub fn new(durability: Durability) -> Self {
        let inner = Inner {
            map: MemoryKv::new(),
            held: false,
            commits: Vec::new(),
            asked: 0,
        };
        let inner = Arc::new((Mutex::new(inner), Condvar::new()));
        Self { durability, inner }
    }

    /// From now on commits wait; those that came before are forgotten.
    pub fn hold(&self) {
        let mut inner = self.inner.0.lock();
        inner.held = true;
        inner.commits.clear();
    }

    /// Waits until a commit stands before the gate.
    pub fn wait_for_a_commit(&self) {
        let mut inner = self.inner.0.lock();
        while inner.commits.is_empty() {
            self.inner.1.wait(&mut inner);
        }
    }

    /// Lets all commits through.
    pub fn release(&self) {
        self.inner.0.lock().held = false;
        self.inner.1.notify_all();
    }

    /// How many have the map.
    pub fn owners(&self) -> usize {
        Arc::strong_count(&self.inner)
    }

    /// The commits since `hold`.
    pub fn commits(&self) -> Vec<Commit> {
        self.inner.0.lock().commits.clone()
    }
}

impl OrderedKv for GatedKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("gated", self.durability),
            preferred_value: 4_096,
        }
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        self.inner.0.lock().asked += 1;
        Ok(None)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.inner.0.lock().map.get(key)
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        self.inner.0.lock().map.scan(range, order, limit)
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let mut inner = self.inner.0.lock();
        let asked = std::mem::take(&mut inner.asked);
        inner.commits.push(Commit {
            thread: std::thread::current().id(),
            bytes: writes.bytes(),
            asked,
        });
        self.inner.1.notify_all();
        while inner.held {
            self.inner.1.wait(&mut inner);
        }
        inner.map.commit(writes)
    }
}
