use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::ops::Bound;

use super::unencoded_inputs::UnencodedInputs;
use super::{KvError, Space, WriteBatch};
use crate::storage::{Description, SortOrder};

/// An ordered map of bytes with atomic write batches: the small door for a store of your own.
///
/// All methods are synchronous and called by one thread at a time.
/// [`KvStorage`](super::KvStorage) makes a full storage of it.
pub trait OrderedKv: Debug + Send + 'static {
    /// What the map is and what size of value it likes.
    fn traits(&self) -> KvTraits;

    /// The value under a key.
    ///
    /// # Errors
    ///
    /// When the map cannot be read. Absence is `None`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError>;

    /// Keys and values in a range, in the asked order, at most `limit` of them.
    ///
    /// Fewer than `limit` means that the range has no more.
    ///
    /// # Errors
    ///
    /// When the map cannot be read.
    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError>;

    /// Applies all writes, or none of them, and makes them durable.
    ///
    /// When it returns `Ok`, the writes and all before them outlive whatever
    /// [`KvTraits::description`] promises. When it returns an error they may
    /// have happened or not, whole in either case; `commit` is then never
    /// called again on this map.
    ///
    /// # Errors
    ///
    /// When the writes could not be applied or synced. Never retry a sync that
    /// failed: the next one may report success over pages that are lost.
    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError>;

    /// What the map takes up and what it could still take; `None` where it cannot tell.
    ///
    /// Asked once for the batches that share a commit, before the first of them is taken, so it
    /// must be cheap. It may be wrong by what a few commits take, and should not count as left
    /// what a commit could not have. A map that cannot tell has no bound, and none can be set
    /// for it.
    ///
    /// # Errors
    ///
    /// When the disk cannot be asked.
    fn space(&self) -> Result<Option<Space>, KvError>;

    /// The inputs that this map keeps as they are; `None` for a map that is given bytes alone.
    ///
    /// For maps of this crate that keep nothing: nobody else can name what it gives.
    #[doc(hidden)]
    fn unencoded(&self) -> Option<&dyn UnencodedInputs> {
        None
    }
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// What an ordered map says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvTraits {
    /// Its name and what it keeps when something strikes.
    pub description: Description,
    /// No value is larger than this; larger records span keys. In bytes, at least 512.
    pub preferred_value: usize,
}

/// A half-open range of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key that may be in it.
    pub start: Vec<u8>,
    /// The first key after it; `None` for no end.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// All keys that begin with a prefix.
    #[must_use]
    pub fn prefix(prefix: &[u8]) -> Self {
        let mut end = prefix.to_vec();
        while end.last() == Some(&u8::MAX) {
            end.pop();
        }
        let end = match end.last_mut() {
            Some(last) => {
                *last += 1;
                Some(end)
            }
            None => None,
        };
        Self {
            start: prefix.to_vec(),
            end,
        }
    }

    /// The same range, from `start` on.
    #[must_use]
    pub fn starting_at(mut self, start: Vec<u8>) -> Self {
        self.start = start;
        self
    }

    /// The same range, from a key on where there is one.
    pub(crate) fn resumed(self, from: Option<&Vec<u8>>) -> Self {
        match from {
            Some(from) => self.starting_at(from.clone()),
            None => self,
        }
    }

    /// The same range, up to and without `end`.
    #[must_use]
    pub fn ending_before(mut self, end: Vec<u8>) -> Self {
        self.end = Some(end);
        self
    }

    /// The range as the standard library's bounds.
    #[must_use]
    pub fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        let end = self
            .end
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        (Bound::Included(self.start.as_slice()), end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_prefix_ends_before_the_next_prefix() {
        assert_eq!(KeyRange::prefix(b"b").end, Some(b"c".to_vec()));
        assert_eq!(KeyRange::prefix(&[1, 255]).end, Some(vec![2]));
        assert_eq!(KeyRange::prefix(&[255]).end, None);
    }
}
