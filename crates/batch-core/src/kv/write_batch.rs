use std::collections::BTreeMap;
use std::collections::btree_map;

/// Puts and deletes that become visible and durable together, or not at all.
///
/// Each key stands once: what is said last about it counts. Iteration is in key order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteBatch {
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
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
        self.set(key, Some(value));
    }

    /// Deletes a key; one that is not there is no error.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.set(key, None);
    }

    fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let key_bytes = key.len();
        self.bytes += key_bytes + value.as_ref().map_or(0, Vec::len);
        if let Some(old) = self.writes.insert(key, value) {
            self.bytes -= key_bytes + old.map_or(0, |v| v.len());
        }
    }

    /// What the batch says about a key: `None` for nothing, `Some(None)` for a delete.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.writes.get(key).map(|value| value.as_deref())
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
            .map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// The writes of keys in a range, in key order.
    pub(crate) fn range(
        &self,
        range: &super::KeyRange,
    ) -> impl DoubleEndedIterator<Item = (&[u8], Option<&[u8]>)> {
        self.writes
            .range::<[u8], _>(range.bounds())
            .map(|(key, value)| (key.as_slice(), value.as_deref()))
    }
}

impl IntoIterator for WriteBatch {
    type Item = (Vec<u8>, Option<Vec<u8>>);
    type IntoIter = btree_map::IntoIter<Vec<u8>, Option<Vec<u8>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.writes.into_iter()
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
