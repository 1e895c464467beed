use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::followers::Followers;
use super::key::{self, Key};
use super::key_list::KeyList;
use super::record::{FRAME_BYTES, OpenFrame, decode, put_parts, unframe};
use super::{FirstKey, KeyRange, KeyValue, OrderedKv, Space, UnencodedChunk, Value, WriteBatch};
use crate::storage::{ErrorKind, SortOrder, StorageError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A record as it was read, and how many values it spans.
#[derive(Debug)]
pub(super) struct Stored {
    pub payload: Vec<u8>,
    pub parts: u16,
}

/// The map with the writes of the open group on top: what is read here includes them.
///
/// Records of any size go in; values of at most the map's preferred size come out.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Stage<K> {
    kv: K,
    writes: WriteBatch,
    /// The most bytes of a record's share in one value.
    share: usize,
    /// What the last commit has written, or was to write.
    committed: KeyList,
    /// Keys whose last write is in doubt, since the commit that held it failed.
    doubtful: BTreeSet<Key>,
    followers: Followers,
    /// What the map has told the open group of its space.
    space: Option<Option<Space>>,
}

impl<K: OrderedKv> Stage<K> {
    pub(super) fn new(kv: K) -> Self {
        let share = kv.traits().preferred_value.max(512) - FRAME_BYTES;
        Self {
            kv,
            writes: WriteBatch::new(),
            share,
            committed: KeyList::default(),
            doubtful: BTreeSet::new(),
            followers: Followers::default(),
            space: None,
        }
    }

    /// The map as the last commit left it.
    pub(super) const fn map(&self) -> &K {
        &self.kv
    }

    /// The map, once all is committed.
    pub(super) fn into_map(self) -> K {
        self.kv
    }

    /// Those who are told what commits write.
    pub(super) const fn followers(&mut self) -> &mut Followers {
        &mut self.followers
    }

    /// How many values a record spans; 0 for one that is not there.
    pub(super) fn parts(&self, key: &[u8]) -> Result<u16, StorageError> {
        let first = key::part(key, 0);
        match self.get_value(&first)? {
            Some(value) => unframe(&first, value).map(|part| part.parts),
            None => Ok(0),
        }
    }

    /// The most bytes of a record that fits one value.
    pub(super) const fn share(&self) -> usize {
        self.share
    }

    /// The map itself, for a test that decides what becomes of its next commit.
    #[cfg(test)]
    pub(super) const fn kv_mut(&mut self) -> &mut K {
        &mut self.kv
    }

    /// Bytes that wait for the commit.
    pub(super) const fn staged_bytes(&self) -> usize {
        self.writes.bytes()
    }

    /// What the map takes up and could still take, as of the last commit.
    ///
    /// It asks a disk, so it is asked once a group.
    pub(super) fn space(&mut self) -> Result<Option<Space>, StorageError> {
        if self.space.is_none() {
            self.space = Some(self.kv.space()?);
        }
        Ok(self.space.flatten())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Ends the group and forgets all its writes.
    pub(super) fn discard(&mut self) {
        self.writes = WriteBatch::new();
        self.space = None;
    }

    /// Makes all writes of the group durable.
    pub(super) fn commit(&mut self) -> Result<(), StorageError> {
        self.space = None;
        let writes = std::mem::take(&mut self.writes);
        self.committed.refill(writes.keys());
        let outcome = self.kv.commit(writes);
        let committed = &self.committed;
        match &outcome {
            Ok(()) => self.followers.tell(committed),
            Err(_) => self.doubtful.extend(committed.iter().map(<[u8]>::to_vec)),
        }
        outcome
    }

    /// Writes a record over one that spanned `before` values (0 for a new one); gives how many it spans.
    pub(super) fn put(&mut self, key: &[u8], payload: &[u8], before: u16) -> u16 {
        let writes = &mut self.writes;
        let put = |key, value| writes.put(key, value);
        let parts = put_parts(key, payload, self.share, put);
        self.delete_parts(key, parts, before);
        parts
    }

    /// Writes plain data as a record.
    pub(super) fn put_record(&mut self, key: &[u8], record: &impl Serialize, before: u16) -> u16 {
        self.put_open(key, OpenFrame::of(record), before)
    }

    /// The same for a record that stands in its frame.
    pub(super) fn put_open(&mut self, key: &[u8], record: OpenFrame, before: u16) -> u16 {
        let writes = &mut self.writes;
        let put = |key, value| writes.put(key, value);
        let parts = record.put(key, self.share, put);
        self.delete_parts(key, parts, before);
        parts
    }

    /// Writes a value that its caller has framed, under its whole key.
    pub(super) fn put_value(&mut self, key: Key, value: Value) {
        self.writes.put_value(key, value);
    }

    /// Deletes a record that spans `parts` values.
    pub(super) fn delete(&mut self, key: &[u8], parts: u16) {
        self.delete_parts(key, 0, parts);
    }

    /// Deletes one value by its whole key.
    pub(super) fn delete_value(&mut self, key: Key) {
        self.writes.delete(key);
    }

    fn delete_parts(&mut self, key: &[u8], from: u16, to: u16) {
        for number in from..to {
            self.writes.delete(key::part(key, number));
        }
    }

    /// Reads a record.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Stored>, StorageError> {
        let first = key::part(key, 0);
        match self.get_value(&first)? {
            Some(value) => self.assemble(key, &first, value).map(Some),
            None => Ok(None),
        }
    }

    /// Reads a record of plain data.
    pub(super) fn get_record<T: DeserializeOwned>(
        &self,
        key: &[u8],
        what: impl FnOnce() -> String,
    ) -> Result<Option<T>, StorageError> {
        match self.get(key)? {
            Some(stored) => decode(&stored.payload, what).map(Some),
            None => Ok(None),
        }
    }

    /// The first record of a range; the keys of its values are `key` and the number of the part.
    pub(super) fn first_in(&self, range: &KeyRange) -> Result<Option<(Key, Stored)>, StorageError> {
        let found = self.scan(range, SortOrder::Ascending, NonZeroUsize::MIN)?;
        found
            .into_iter()
            .next()
            .map(|kv| self.whole(kv))
            .transpose()
    }

    /// The inputs under the first key of a range, where they are known not to be encoded.
    pub(super) fn unencoded_in(
        &self,
        range: &KeyRange,
    ) -> Result<Option<&UnencodedChunk>, StorageError> {
        let Some(kept) = self.kv.unencoded() else {
            return Ok(None);
        };
        let staged = self.writes.range(range).next();
        match (staged, kept.first_in(range)) {
            (Some((_, value)), None) => Ok(value.and_then(Value::unencoded)),
            (None, Some(FirstKey { key, chunk })) => {
                self.check_certain(key)?;
                Ok(chunk)
            }
            // Which of them is first, and whether it is still there, the scan finds out.
            (Some(_), Some(_)) | (None, None) => Ok(None),
        }
    }

    /// The records of a range whose values were scanned from it.
    ///
    /// Values that are later parts of a record are passed over.
    pub(super) fn records_in(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<(Key, Stored)>, StorageError> {
        self.scan(range, order, limit)?
            .into_iter()
            .filter(|kv| kv.key.ends_with(&[0, 0]))
            .map(|kv| self.whole(kv))
            .collect()
    }

    fn whole(&self, first: KeyValue) -> Result<(Key, Stored), StorageError> {
        let key = first.key[..first.key.len() - 2].to_vec();
        let stored = self.assemble(&key, &first.key, first.value)?;
        Ok((key, stored))
    }

    /// Puts a record together from its first value and the values after it.
    fn assemble(&self, key: &[u8], first: &[u8], value: Vec<u8>) -> Result<Stored, StorageError> {
        let whole = unframe(first, value)?;
        let (parts, mut payload) = (whole.parts, whole.payload);
        for number in 1..parts {
            let part_key = key::part(key, number);
            let Some(value) = self.get_value(&part_key)? else {
                let name = String::from_utf8_lossy(key).into_owned();
                let text = format!("part {number} of {parts} of the record {name:?} is missing");
                return Err(StorageError::new(ErrorKind::Damaged, text));
            };
            payload.extend_from_slice(&unframe(&part_key, value)?.payload);
        }
        Ok(Stored { payload, parts })
    }

    fn get_value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match self.writes.value(key) {
            Some(staged) => Ok(staged.map(Value::to_bytes)),
            None => {
                self.check_certain(key)?;
                self.kv.get(key)
            }
        }
    }

    /// Refuses to read what may not be durable.
    fn check_certain(&self, key: &[u8]) -> Result<(), StorageError> {
        match self.doubtful.contains(key) {
            true => Err(StorageError::new(
                ErrorKind::InDoubt,
                "read what a failed commit has written",
            )),
            false => Ok(()),
        }
    }

    /// Keys and values of a range, those of the open group included.
    pub(super) fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, StorageError> {
        let mut staged = self.writes.range(range).peekable();
        if staged.peek().is_none() {
            let found = self.kv.scan(range, order, limit)?;
            for kv in &found {
                self.check_certain(&kv.key)?;
            }
            return Ok(found);
        }
        // Each staged write hides or adds one key at most.
        let wanted = limit.saturating_add(self.writes.range(range).count());
        let stored = self.kv.scan(range, order, wanted)?;
        let mut merged: Vec<KeyValue> = stored
            .into_iter()
            .filter(|kv| self.writes.value(&kv.key).is_none())
            .chain(staged.filter_map(|(key, value)| {
                let (key, value) = (key.to_vec(), value?.to_bytes());
                Some(KeyValue { key, value })
            }))
            .collect();
        match order {
            SortOrder::Ascending => merged.sort_by(|a, b| a.key.cmp(&b.key)),
            SortOrder::Descending => merged.sort_by(|a, b| b.key.cmp(&a.key)),
        }
        merged.truncate(limit.get());
        Ok(merged)
    }
}

/// The most bytes of a record, where one value takes `share` of them: a record has at most 65,535.
pub(super) const fn record_limit(share: usize) -> usize {
    share.saturating_mul(u16::MAX as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::machine::model_check::{Fate, ModelKv};
    use crate::memory::MemoryKv;

    fn stage() -> Stage<MemoryKv> {
        Stage::new(MemoryKv::with_preferred_value(512))
    }

    #[test]
    fn a_record_above_the_preferred_size_spans_values_and_comes_back() {
        let mut stage = stage();
        let payload: Vec<u8> = (0..2_000u16).map(|n| n.to_le_bytes()[0]).collect();
        let parts = stage.put(b"k", &payload, 0);
        assert_eq!(parts, 4);
        stage.commit().unwrap();
        assert_eq!(stage.get(b"k").unwrap().unwrap().payload, payload);
    }

    #[test]
    fn a_record_that_shrinks_leaves_no_value_behind() {
        let mut stage = stage();
        let parts = stage.put(b"k", &[1; 2_000], 0);
        stage.commit().unwrap();
        stage.put(b"k", &[2; 10], parts);
        stage.commit().unwrap();
        let all = KeyRange::prefix(b"");
        let left = stage
            .scan(&all, SortOrder::Ascending, NonZeroUsize::MAX)
            .unwrap();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn a_missing_part_is_damage_and_says_which() {
        let mut stage = stage();
        stage.put(b"k", &[1; 2_000], 0);
        stage.delete_value(key::part(b"k", 2));
        let error = stage.get(b"k").unwrap_err();
        assert!(error.to_string().contains("part 2 of 4"), "{error}");
    }

    #[test]
    fn all_that_a_failed_commit_was_to_write_is_in_doubt_and_nothing_else_is() {
        for fate in [Fate::Lost, Fate::Kept] {
            let mut stage = Stage::new(ModelKv::default());
            stage.put(b"before", b"it", 0);
            stage.commit().unwrap();
            for key in [b"a", b"k", b"x"] {
                stage.put(key, b"in it", 0);
            }
            stage.kv_mut().set_fate(fate);
            stage.commit().unwrap_err();
            for key in [b"a", b"k", b"x"] {
                assert_eq!(stage.get(key).unwrap_err().kind(), ErrorKind::InDoubt);
            }
            assert!(stage.get(b"before").unwrap().is_some());
        }
    }

    #[test]
    fn a_scan_sees_staged_puts_and_deletes_among_stored_keys() {
        let mut stage = stage();
        for key in [b"a", b"c", b"e"] {
            stage.put(key, b"stored", 0);
        }
        stage.commit().unwrap();
        stage.put(b"b", b"staged", 0);
        stage.delete(b"c", 1);
        let keys = |order, limit| {
            let limit = NonZeroUsize::new(limit).unwrap();
            let found = stage
                .records_in(&KeyRange::prefix(b""), order, limit)
                .unwrap();
            found.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        assert_eq!(keys(SortOrder::Ascending, 2), [b"a", b"b"]);
        assert_eq!(keys(SortOrder::Descending, 9), [b"e", b"b", b"a"]);
    }
}
