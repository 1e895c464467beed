//! A store of your own: a plain map behind a mutex.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use batch_core::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch};
use batch_core::storage::{Description, Durability, SortOrder};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// An ordered map. Clones share it, so it outlives the storage that is built on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct BTreeKv {
    map: Arc<Mutex<Map>>,
}

impl BTreeKv {
    /// Runs something on the map. No panic leaves it half written, so poison means nothing.
    fn with<R>(&self, work: impl FnOnce(&mut Map) -> R) -> R {
        work(&mut self.map.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OrderedKv for BTreeKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("btree", Durability::None),
            preferred_value: 4 << 10,
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.with(|map| map.get(key).cloned()))
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        let owned = |(key, value): (&Vec<u8>, &Vec<u8>)| KeyValue {
            key: key.clone(),
            value: value.clone(),
        };
        Ok(self.with(|map| {
            let found = map.range::<[u8], _>(range.bounds()).map(owned);
            match order {
                SortOrder::Ascending => found.take(limit.get()).collect(),
                SortOrder::Descending => found.rev().take(limit.get()).collect(),
            }
        }))
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        self.with(|map| {
            for (key, value) in writes {
                match value {
                    Some(value) => map.insert(key, value),
                    None => map.remove(&key),
                };
            }
        });
        Ok(())
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        Ok(None)
    }
}
