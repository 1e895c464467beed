use std::num::NonZeroUsize;

use serde::de::DeserializeOwned;

use crate::kv::key::{self, Key};
use crate::kv::record::{decode, unframe};
use crate::kv::{KeyRange, KeyValue, OrderedKv};
use crate::storage::{SortOrder, StorageError};

/// The records of a map as its last commit left them, damaged ones included.
#[derive(Debug)]
pub(super) struct Records<'a, K> {
    map: &'a K,
}

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found<T> {
    Whole(T),
    Absent,
    /// Something is there, and it cannot be read.
    Unreadable,
}

impl<T> Found<T> {
    pub(super) fn whole(self) -> Option<T> {
        match self {
            Self::Whole(found) => Some(found),
            Self::Absent | Self::Unreadable => None,
        }
    }

    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    fn and_then<U>(self, read: impl FnOnce(T) -> Option<U>) -> Found<U> {
        match self {
            Self::Whole(found) => read(found).map_or(Found::Unreadable, Found::Whole),
            Self::Absent => Found::Absent,
            Self::Unreadable => Found::Unreadable,
        }
    }
}

impl<'a, K: OrderedKv> Records<'a, K> {
    pub(super) const fn new(map: &'a K) -> Self {
        Self { map }
    }

    /// The bytes of a record.
    pub(super) fn bytes(&self, key: &[u8]) -> Result<Found<Vec<u8>>, StorageError> {
        let range = KeyRange::prefix(key).starting_at(key::part(key, 0));
        let range = range.ending_before([key, &[u8::MAX; 3]].concat());
        let first = self.map.get(&range.start)?;
        let Some(first) = first else {
            // Later parts without the first are something, and nothing that can be read.
            let rest = self.scan(&range, NonZeroUsize::MIN)?;
            return Ok(match rest.is_empty() {
                true => Found::Absent,
                false => Found::Unreadable,
            });
        };
        let Ok(part) = unframe(&range.start, first) else {
            return Ok(Found::Unreadable);
        };
        let mut payload = part.payload;
        for number in 1..part.parts {
            let key = key::part(key, number);
            match self.map.get(&key)?.map(|value| unframe(&key, value)) {
                Some(Ok(next)) if next.parts == part.parts => {
                    payload.extend_from_slice(&next.payload);
                }
                _ => return Ok(Found::Unreadable),
            }
        }
        Ok(Found::Whole(payload))
    }

    /// A record of plain data.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Found<T>, StorageError> {
        let bytes = self.bytes(key)?;
        Ok(bytes.and_then(|bytes| decode(&bytes, String::new).ok()))
    }

    pub(super) fn scan(
        &self,
        range: &KeyRange,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, StorageError> {
        self.map.scan(range, SortOrder::Ascending, limit)
    }

    /// The keys of the records in a range, at most about so many, without the number of the part.
    ///
    /// Fewer than `limit` values in the range end it: then `next` is `None`.
    pub(super) fn keys(
        &self,
        range: &KeyRange,
        limit: NonZeroUsize,
    ) -> Result<KeyPage, StorageError> {
        let values = self.scan(range, limit)?;
        let more = values.len() == limit.get();
        let mut keys: Vec<Key> = Vec::new();
        for value in values {
            let end = value.key.len().saturating_sub(2);
            let key = value.key.get(..end).unwrap_or_default();
            if keys.last().is_none_or(|last| last != key) {
                keys.push(key.to_vec());
            }
        }
        let next = keys.last().filter(|_| more).map(|key| after(key));
        Ok(KeyPage { keys, next })
    }

    /// The key of the last record in a range.
    pub(super) fn last_key(&self, range: &KeyRange) -> Result<Option<Key>, StorageError> {
        let last = self
            .map
            .scan(range, SortOrder::Descending, NonZeroUsize::MIN)?;
        let key = last.into_iter().next().map(|value| value.key);
        Ok(key.map(|key| key[..key.len().saturating_sub(2)].to_vec()))
    }

    /// All keys of records in a range.
    pub(super) fn all_keys(&self, range: KeyRange) -> Result<Vec<Key>, StorageError> {
        let mut all = Vec::new();
        let mut rest = Some(range);
        while let Some(range) = rest.take() {
            let page = self.keys(&range, VALUES_A_SCAN)?;
            all.extend(page.keys);
            rest = page.next.map(|next| range.starting_at(next));
        }
        Ok(all)
    }
}

/// The most values that one scan takes.
pub(super) const VALUES_A_SCAN: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// The keys of some records, and where to look for more.
#[derive(Debug)]
pub(super) struct KeyPage {
    pub keys: Vec<Key>,
    pub next: Option<Key>,
}

/// The first key after all parts of a record.
pub(super) fn after(key: &[u8]) -> Key {
    [key, &[u8::MAX; 2], &[0]].concat()
}
