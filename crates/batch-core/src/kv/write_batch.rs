use std::collections::BTreeMap;
use std::collections::btree_map;

use super::Value;

/// Puts and deletes that become visible and durable together, or not at all.
///
/// Each key stands once: what is said last about it counts. Iteration is in key order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteBatch {
    writes: BTreeMap<Vec<u8>, Option<Value>>,
    bytes: usize,
}

impl WriteBatch {
    /// No writes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            writes: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Puts a value under a key.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.set(key, Some(Value::Bytes(value)));
    }

    /// The same for a value that may not be bytes.
    pub(crate) fn put_value(&mut self, key: Vec<u8>, value: Value) {
        self.set(key, Some(value));
    }

    /// Deletes a key; one that is not there is no error.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.set(key, None);
    }

    fn set(&mut self, key: Vec<u8>, value: Option<Value>) {
        let key_bytes = key.len();
        self.bytes += key_bytes + value.as_ref().map_or(0, Value::len);
        if let Some(old) = self.writes.insert(key, value) {
            self.bytes -= key_bytes + old.map_or(0, |v| v.len());
        }
    }

    /// What the batch says about a key: `None` for nothing, `Some(None)` for a delete.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        let value = self.value(key)?;
        Some(value.map(Value::as_bytes))
    }

    /// The same, whatever the value is.
    pub(crate) fn value(&self, key: &[u8]) -> Option<Option<&Value>> {
        self.writes.get(key).map(Option::as_ref)
    }

    /// How many keys it writes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether it writes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The bytes of all keys and values.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keys and what becomes of them, in key order: `Some` is a put, `None` a delete.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.writes
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_ref().map(Value::as_bytes)))
    }

    /// The writes of keys in a range, in key order.
    pub(crate) fn range(
        &self,
        range: &super::KeyRange,
    ) -> impl DoubleEndedIterator<Item = (&[u8], Option<&Value>)> {
        self.writes
            .range::<[u8], _>(range.bounds())
            .map(|(key, value)| (key.as_slice(), value.as_ref()))
    }

    /// All keys that it writes, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.writes.keys().map(Vec::as_slice)
    }

    /// Keys and what becomes of them, in key order, inputs as they are.
    pub(crate) fn into_values(self) -> impl Iterator<Item = (Vec<u8>, Option<Value>)> {
        self.writes.into_iter()
    }
}

impl IntoIterator for WriteBatch {
    type Item = (Vec<u8>, Option<Vec<u8>>);
    type IntoIter = IntoWrites;

    fn into_iter(self) -> Self::IntoIter {
        IntoWrites {
            writes: self.writes.into_iter(),
        }
    }
}

/// The writes of a [`WriteBatch`], in key order.
#[derive(Debug)]
pub struct IntoWrites {
    writes: btree_map::IntoIter<Vec<u8>, Option<Value>>,
}

impl Iterator for IntoWrites {
    type Item = (Vec<u8>, Option<Vec<u8>>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.writes.next()?;
        Some((key, value.map(Value::into_bytes)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.writes.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once_with_what_was_said_last() {
        let mut batch = WriteBatch::new();
        batch.put(b"key".to_vec(), vec![0; 10]);
        assert_eq!(batch.bytes(), 3 + 10);
        batch.put(b"other".to_vec(), vec![0; 4]);
        assert_eq!(batch.bytes(), 3 + 10 + 5 + 4);
        batch.put(b"key".to_vec(), vec![0; 2]);
        assert_eq!(batch.bytes(), 3 + 2 + 5 + 4);
        batch.delete(b"key".to_vec());
        assert_eq!(batch.bytes(), 3 + 5 + 4);
        assert_eq!(batch.get(b"key"), Some(None));
        assert_eq!(batch.len(), 2);
    }
}
