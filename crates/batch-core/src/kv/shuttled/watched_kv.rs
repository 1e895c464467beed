use std::num::NonZeroUsize;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch, key};
use crate::memory::MemoryKv;
use crate::storage::{Description, Durability, ErrorKind, SortOrder, StorageError};

/// A map that shows what of it is durable, lets others go on amid its commits, and fails when
/// it is told to.
///
/// Its lock is never held where shuttle may turn to another thread.
#[derive(Debug, Clone)]
pub(super) struct WatchedKv {
    seen: Arc<Mutex<Seen>>,
    durability: Durability,
}

#[derive(Debug)]
struct Seen {
    /// What reads find.
    written: MemoryKv,
    /// What a death leaves.
    durable: MemoryKv,
    /// How often that has changed.
    changes: u64,
    commits: u64,
    plan: Plan,
    /// How many batches the commit would have stored that failed.
    failed_batches: usize,
    is_open: bool,
}

/// What becomes of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    Keep,
    /// Says that they are durable one commit before they are.
    Hurry,
    /// From this one on each is an error, and nothing is written.
    LoseFrom(u64),
    /// The same, and the first of them is written all the same.
    DoubtFrom(u64),
}

impl WatchedKv {
    pub(super) fn new(durability: Durability) -> Self {
        let map = || MemoryKv::with_preferred_value(4 << 10);
        let seen = Seen {
            written: map(),
            durable: map(),
            changes: 0,
            commits: 0,
            plan: Plan::Keep,
            failed_batches: 0,
            is_open: false,
        };
        Self {
            seen: Arc::new(Mutex::new(seen)),
            durability,
        }
    }

    /// The map as one opens it. Only one may have it open.
    pub(super) fn open(&self) -> OpenKv {
        let mut seen = self.seen.lock();
        assert!(!seen.is_open, "the map is still open");
        seen.is_open = true;
        drop(seen);
        OpenKv(self.clone())
    }

    pub(super) fn is_open(&self) -> bool {
        self.seen.lock().is_open
    }

    /// What another process would find if this one died here.
    pub(super) fn after_death(&self) -> MemoryKv {
        self.seen.lock().durable.clone()
    }

    /// How often that has changed.
    pub(super) fn changes(&self) -> u64 {
        self.seen.lock().changes
    }

    pub(super) fn commits(&self) -> u64 {
        self.seen.lock().commits
    }

    pub(super) fn failed_batches(&self) -> usize {
        self.seen.lock().failed_batches
    }

    pub(super) fn plan(&self, plan: Plan) {
        self.seen.lock().plan = plan;
    }
}

impl Seen {
    fn sync(&mut self, state: MemoryKv) {
        self.durable = state;
        self.changes += 1;
    }

    fn write(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let number = self.commits;
        self.commits += 1;
        let failed = || StorageError::new(ErrorKind::Unavailable, "commit: it was planned so");
        let kept = match self.plan {
            Plan::Keep | Plan::Hurry => return self.written.commit(writes),
            Plan::LoseFrom(first) | Plan::DoubtFrom(first) if number < first => {
                return self.written.commit(writes);
            }
            Plan::LoseFrom(first) | Plan::DoubtFrom(first) => {
                assert_eq!(number, first, "a commit after one that failed");
                let header = key::headers().start;
                let keys = writes.iter().map(|(key, _)| key);
                self.failed_batches = keys.filter(|key| key.starts_with(&header)).count();
                matches!(self.plan, Plan::DoubtFrom(_))
            }
        };
        if kept {
            self.written.commit(writes)?;
            self.sync(self.written.clone());
        }
        Err(failed())
    }
}

/// The map while somebody has it.
#[derive(Debug)]
pub(super) struct OpenKv(WatchedKv);

impl OrderedKv for OpenKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("watched", self.0.durability),
            preferred_value: 4 << 10,
        }
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        Ok(None)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.0.seen.lock().written.get(key)
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        self.0.seen.lock().written.scan(range, order, limit)
    }

    /// Written, and durable some turns later.
    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        shuttle::thread::yield_now();
        let mut seen = self.0.seen.lock();
        let before = seen.written.clone();
        seen.write(writes)?;
        let hurries = seen.plan == Plan::Hurry;
        drop(seen);
        shuttle::thread::yield_now();
        let mut seen = self.0.seen.lock();
        let state = match hurries {
            true => before,
            false => seen.written.clone(),
        };
        seen.sync(state);
        Ok(())
    }
}

impl Drop for OpenKv {
    /// It takes a while, as a database does.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            shuttle::thread::yield_now();
        }
        let mut seen = self.0.seen.lock();
        if seen.plan == Plan::Hurry {
            let state = seen.written.clone();
            seen.sync(state);
        }
        seen.is_open = false;
    }
}
