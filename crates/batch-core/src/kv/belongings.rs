use std::collections::VecDeque;

use super::Value;
use super::key::Key;
use super::record::{FRAME_BYTES, OpenFrame};
use super::stage::record_limit;
use crate::storage::{ErrorKind, StorageError};

/// Inputs and secrets of a batch, or a slice of them, as the values that the store is given.
///
/// The values of one record stand together.
#[derive(Debug, Default)]
pub(super) struct Belongings {
    values: VecDeque<(Key, Value)>,
}

impl Belongings {
    /// Adds a record, in values that hold `share` of its bytes each.
    ///
    /// # Errors
    ///
    /// `Invalid` for one that is larger than a record may be on this store.
    pub(super) fn add(
        &mut self,
        key: &[u8],
        record: OpenFrame,
        share: usize,
    ) -> Result<(), StorageError> {
        let (bytes, limit) = (record.payload().len(), record_limit(share));
        if bytes > limit {
            let text = format!("store an input of {bytes} bytes: this store takes {limit} at most");
            return Err(StorageError::new(ErrorKind::Invalid, text));
        }
        record.put(key, share, |key, value| self.push(key, Value::Bytes(value)));
        Ok(())
    }

    /// Adds a record that is one value, under the whole key of that.
    pub(super) fn push(&mut self, key: Key, value: Value) {
        self.values.push_back((key, value));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The bytes of all its records.
    pub(super) fn bytes(&self) -> usize {
        self.values.iter().map(bytes_in).sum()
    }

    /// Cuts off a slice of about `bytes`; at least one record, if there is any.
    ///
    /// A record is never cut, so that whoever looks between two commits finds none in part.
    pub(super) fn cut(&mut self, bytes: usize) -> Self {
        let (mut taken, mut taken_bytes) = (0, 0);
        while taken < self.values.len() {
            let rest = self.values.range(taken..).enumerate();
            let record = rest.take_while(|(at, (key, _))| *at == 0 || is_later_part(key));
            let (values, record_bytes) = record.fold((0, 0), |(values, bytes), (_, value)| {
                (values + 1, bytes + bytes_in(value))
            });
            if taken > 0 && taken_bytes + record_bytes > bytes {
                break;
            }
            taken += values;
            taken_bytes += record_bytes;
        }
        let values = self.values.drain(..taken).collect();
        Self { values }
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = (Key, Value)> {
        self.values.into_iter()
    }
}

fn bytes_in((_, value): &(Key, Value)) -> usize {
    value.len() - FRAME_BYTES
}

fn is_later_part(key: &Key) -> bool {
    !key.ends_with(&[0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: usize = 12;

    fn belongings(records: &[usize]) -> Belongings {
        let mut all = Belongings::default();
        for (number, bytes) in (1u8..).zip(records) {
            let record = OpenFrame::holding(&vec![0; *bytes]);
            all.add(&[number], record, SHARE).unwrap();
        }
        all
    }

    /// The bytes of each value, slice by slice.
    fn slices(mut all: Belongings, bytes: usize) -> Vec<Vec<usize>> {
        let mut slices = Vec::new();
        while !all.is_empty() {
            let slice = all.cut(bytes);
            slices.push(slice.values.iter().map(bytes_in).collect());
            assert!(slices.len() < 100, "cutting comes to no end");
        }
        slices
    }

    #[test]
    fn slices_are_as_full_as_their_size_allows() {
        let cut = slices(belongings(&[4, 6, 5, 5, 1]), 10);
        assert_eq!(cut, [vec![4, 6], vec![5, 5], vec![1]]);
    }

    #[test]
    fn a_record_that_fits_no_slice_has_one_to_itself() {
        let cut = slices(belongings(&[11, 2, 12, 1]), 10);
        assert_eq!(cut, [vec![11], vec![2], vec![12], vec![1]]);
    }

    #[test]
    fn a_record_of_several_values_is_never_cut() {
        let cut = slices(belongings(&[3, 30, 2, 20, 1]), 10);
        assert_eq!(
            cut,
            [vec![3], vec![12, 12, 6], vec![2], vec![12, 8], vec![1]]
        );
    }

    #[test]
    fn the_largest_record_that_is_taken_is_the_limit() {
        let limit = record_limit(1);
        let mut all = Belongings::default();
        let mut add = |bytes| all.add(b"k", OpenFrame::holding(&vec![0; bytes]), 1);
        assert!(add(limit).is_ok());
        assert_eq!(add(limit + 1).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
