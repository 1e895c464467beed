use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, WriteBatch};
use crate::storage::{Description, Durability, SortOrder};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// A map whose clones are cheap and go ways of their own, and whose commits fail when told to.
#[derive(Debug, Clone, Default)]
pub(super) struct ModelKv {
    map: Arc<Map>,
    fate: Fate,
}

/// What becomes of the next commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fate {
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
    pub(super) fn set_fate(&mut self, fate: Fate) {
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
        let stood = earlier.map.range::<[u8], _>(range.bounds());
        Arc::ptr_eq(&self.map, &earlier.map)
            || stood
                .into_iter()
                .all(|(key, value)| self.map.get(key) == Some(value))
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.map, &other.map) || self.map == other.map
    }

    /// Whether it holds a record of this kind.
    pub(super) fn holds(&self, kind: u8) -> bool {
        let range = KeyRange::prefix(&[kind]);
        self.map.range::<[u8], _>(range.bounds()).next().is_some()
    }
}

impl OrderedKv for ModelKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("model", Durability::PowerCut),
            preferred_value: 4 << 10,
        }
    }

    fn space(&self) -> Result<Option<crate::kv::Space>, KvError> {
        Ok(None)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.map.get(key).cloned())
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        let found = self.map.range::<[u8], _>(range.bounds());
        let owned = |(key, value): (&Vec<u8>, &Vec<u8>)| KeyValue {
            key: key.clone(),
            value: value.clone(),
        };
        Ok(match order {
            SortOrder::Ascending => found.take(limit.get()).map(owned).collect(),
            SortOrder::Descending => found.rev().take(limit.get()).map(owned).collect(),
        })
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let map = Arc::make_mut(&mut self.map);
        for (key, value) in writes {
            let left_out = match self.fate {
                Fate::Lost => true,
                Fate::Torn(kind) => key.first() == Some(&kind),
                Fate::Succeeds | Fate::Kept => false,
            };
            match value {
                _ if left_out => {}
                Some(value) => {
                    map.insert(key, value);
                }
                None => {
                    map.remove(&key);
                }
            }
        }
        match self.fate {
            Fate::Succeeds => Ok(()),
            _ => Err(KvError::io("commit", "the model says so")),
        }
    }
}
