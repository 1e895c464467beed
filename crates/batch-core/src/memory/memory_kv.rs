use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::kv::{
    ByteSize, FirstKey, KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, UnencodedInputs,
    Value, WriteBatch,
};
use crate::storage::{Description, Durability, SortOrder};

/// An ordered map in memory.
#[derive(Debug, Clone)]
pub struct MemoryKv {
    map: BTreeMap<Vec<u8>, Value>,
    preferred_value: usize,
    /// Of all keys and values.
    bytes: usize,
}

impl MemoryKv {
    /// An empty map that takes values of 16 KiB.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_preferred_value(16 << 10)
    }

    /// An empty map that takes values of this many bytes, to try how records span them.
    #[must_use]
    pub const fn with_preferred_value(bytes: usize) -> Self {
        Self {
            map: BTreeMap::new(),
            preferred_value: bytes,
            bytes: 0,
        }
    }

    /// Keys and values in a range, in key order.
    pub(crate) fn range(
        &self,
        range: &KeyRange,
    ) -> impl DoubleEndedIterator<Item = (&[u8], &Value)> {
        self.map
            .range::<[u8], _>(range.bounds())
            .map(|(key, value)| (key.as_slice(), value))
    }
}

impl Default for MemoryKv {
    fn default() -> Self {
        Self::new()
    }
}

impl OrderedKv for MemoryKv {
    fn traits(&self) -> KvTraits {
        KvTraits {
            description: Description::new("memory", Durability::None),
            preferred_value: self.preferred_value,
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.map.get(key).map(Value::to_bytes))
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        let found = self.range(range);
        let owned = |(key, value): (&[u8], &Value)| KeyValue {
            key: key.to_vec(),
            value: value.to_bytes(),
        };
        Ok(match order {
            SortOrder::Ascending => found.take(limit.get()).map(owned).collect(),
            SortOrder::Descending => found.rev().take(limit.get()).map(owned).collect(),
        })
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        for (key, value) in writes.into_values() {
            let key_bytes = key.len();
            self.bytes += value.as_ref().map_or(0, |value| key_bytes + value.len());
            let old = match value {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
            self.bytes -= old.map_or(0, |old| key_bytes + old.len());
        }
        Ok(())
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        Ok(Some(Space {
            used: ByteSize::new(self.bytes as u64),
            left: None,
        }))
    }

    fn unencoded(&self) -> Option<&dyn UnencodedInputs> {
        Some(self)
    }
}

impl UnencodedInputs for MemoryKv {
    fn first_in(&self, range: &KeyRange) -> Option<FirstKey<'_>> {
        let (key, value) = self.range(range).next()?;
        let chunk = value.unencoded();
        Some(FirstKey { key, chunk })
    }
}
