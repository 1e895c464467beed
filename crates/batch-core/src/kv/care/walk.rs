use std::collections::VecDeque;

use super::records::{Records, after};
use crate::kv::{KeyRange, OrderedKv};
use crate::storage::StorageError;

/// All keys that a map had at one moment, as ranges.
///
/// New keys of each kind mostly come after all others of it. A walk that went on to them would
/// never end in a store that grows as fast as it is read.
#[derive(Debug, Clone, Default)]
pub(in crate::kv) struct Walk {
    ranges: VecDeque<KeyRange>,
}

impl Walk {
    /// The keys that there are, by their first bytes.
    pub(super) fn begin<K: OrderedKv>(records: &Records<'_, K>) -> Result<Self, StorageError> {
        let mut ranges = VecDeque::new();
        for first in 0..=u8::MAX {
            let range = KeyRange::prefix(&[first]);
            if let Some(last) = records.last_key(&range)? {
                ranges.push_back(range.ending_before(after(&last)));
            }
        }
        Ok(Self { ranges })
    }

    /// The range that is to be read next.
    pub(super) fn range(&self) -> Option<KeyRange> {
        self.ranges.front().cloned()
    }

    /// Goes on from this key within the range, or else to the next range.
    pub(super) fn go_on(&mut self, from: Option<Vec<u8>>) {
        let range = self.ranges.pop_front();
        if let (Some(range), Some(from)) = (range, from) {
            self.ranges.push_front(range.starting_at(from));
        }
    }
}
