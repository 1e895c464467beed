use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, WriteBatch};
use crate::memory::MemoryKv;
use crate::storage::{Description, Durability, SortOrder};

/// A map whose clones are cheap and go ways of their own, and whose commits fail when told to.
#[derive(Debug, Clone)]
pub(in crate::kv) struct ModelKv {
    map: Arc<MemoryKv>,
    fate: Fate,
}

/// What becomes of the next commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::kv) enum Fate {
    #[default]
    Succeeds,
    /// It fails and writes nothing.
    Lost,
    /// It fails and writes everything.
    Kept,
    /// It fails and leaves out the records of this kind.
    Torn(u8),
}

impl ModelKv {
    pub(in crate::kv) fn set_fate(&mut self, fate: Fate) {
        self.fate = fate;
    }

    /// What a new process finds.
    pub(super) fn survivor(&self) -> Self {
        Self {
            map: Arc::clone(&self.map),
            fate: Fate::Succeeds,
        }
    }

    /// Whether all that another map holds in a range stands here as well, unchanged.
    pub(super) fn extends(&self, earlier: &Self, range: &KeyRange) -> bool {
        // Both are in key order, so one pass finds each.
        let mut here = self.map.range(range);
        Arc::ptr_eq(&self.map, &earlier.map)
            || earlier.map.range(range).all(|kv| here.any(|it| it == kv))
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        let all = KeyRange::prefix(b"");
        Arc::ptr_eq(&self.map, &other.map) || self.map.range(&all).eq(other.map.range(&all))
    }

    /// Whether it holds a record of this kind.
    pub(super) fn holds(&self, kind: u8) -> bool {
        let range = KeyRange::prefix(&[kind]);
        self.map.range(&range).next().is_some()
    }

    /// What of a commit reaches the map.
    fn kept(&self, writes: WriteBatch) -> WriteBatch {
        let torn = match self.fate {
            Fate::Succeeds | Fate::Kept => return writes,
            Fate::Lost => return WriteBatch::new(),
            Fate::Torn(kind) => kind,
        };
        let mut kept = WriteBatch::new();
        for (key, value) in writes {
            match value {
                _ if key.first() == Some(&torn) => {}
                Some(value) => kept.put(key, value),
                None => kept.delete(key),
            }
        }
        kept
    }
}

impl Default for ModelKv {
    fn default() -> Self {
        Self {
            map: Arc::new(MemoryKv::with_preferred_value(4 << 10)),
            fate: Fate::Succeeds,
        }
    }
}

impl OrderedKv for ModelKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("model", Durability::PowerCut),
            ..self.map.traits()
        }
    }

    fn space(&self) -> Result<Option<crate::kv::Space>, KvError> {
        Ok(None)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.map.get(key)
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        self.map.scan(range, order, limit)
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let kept = self.kept(writes);
        Arc::make_mut(&mut self.map).commit(kept)?;
        match self.fate {
            Fate::Succeeds => Ok(()),
            _ => Err(KvError::io("commit", "the model says so")),
        }
    }
}
