use serde::Serialize;

use super::frame::{FRAME_BYTES, frame, seal};
use super::write_plain;
use crate::kv::key::{self, Key};

/// A record while it is written, behind room for its frame.
///
/// One that fits a value becomes that value where it stands: nothing is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kv) struct OpenFrame {
    value: Vec<u8>,
}

/// A value that keeps more than this for nothing is given back what it does not use.
const MOST_UNUSED: usize = 256;

impl OpenFrame {
    /// Room for a record of about so many bytes.
    pub(in crate::kv) fn with_capacity(bytes: usize) -> Self {
        let mut value = Vec::with_capacity(FRAME_BYTES + bytes);
        value.extend_from_slice(&[0; FRAME_BYTES]);
        Self { value }
    }

    /// Writes plain data as MessagePack with named fields.
    pub(in crate::kv) fn of(record: &impl Serialize) -> Self {
        Self::written(|bytes| write_plain(bytes, record))
    }

    /// A record that is written by a function of its own.
    pub(in crate::kv) fn written(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut open = Self::with_capacity(128 - FRAME_BYTES);
        write(&mut open.value);
        open
    }

    #[cfg(test)]
    pub(in crate::kv) fn holding(payload: &[u8]) -> Self {
        let mut open = Self::with_capacity(payload.len());
        open.value.extend_from_slice(payload);
        open
    }

    /// What is written so far.
    pub(in crate::kv) fn payload(&self) -> &[u8] {
        &self.value[FRAME_BYTES..]
    }

    pub(super) fn payload_mut(&mut self) -> &mut [u8] {
        &mut self.value[FRAME_BYTES..]
    }

    /// The record with the room before it, for a frame that is still to be put there.
    pub(super) fn into_value(self) -> Vec<u8> {
        self.value
    }

    /// Where more is written, behind all that is there.
    pub(super) const fn end(&mut self) -> &mut Vec<u8> {
        &mut self.value
    }

    /// Puts the record under its key, in values that hold `share` of its bytes each; gives how
    /// many it spans.
    pub(in crate::kv) fn put(
        mut self,
        key: &[u8],
        share: usize,
        mut put: impl FnMut(Key, Vec<u8>),
    ) -> u16 {
        if self.payload().len() > share {
            return put_parts(key, self.payload(), share, put);
        }
        let key = key::part(key, 0);
        seal(&key, 1, &mut self.value);
        if self.value.capacity() - self.value.len() > MOST_UNUSED {
            self.value.shrink_to_fit();
        }
        put(key, self.value);
        1
    }
}

/// Puts a record under its key, in values that hold `share` of its bytes each; gives how many it
/// spans.
pub(in crate::kv) fn put_parts(
    key: &[u8],
    payload: &[u8],
    share: usize,
    mut put: impl FnMut(Key, Vec<u8>),
) -> u16 {
    let parts = u16::try_from(payload.len().div_ceil(share).max(1))
        .expect("inputs are held against the limit of a record, and all else is smaller");
    for number in 0..parts {
        let rest = &payload[usize::from(number) * share..];
        let key = key::part(key, number);
        let value = frame(&key, parts, &rest[..rest.len().min(share)]);
        put(key, value);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    type Values = Vec<(Key, Vec<u8>)>;

    fn in_place(payload: &[u8], share: usize) -> (u16, Values) {
        let mut values = Values::new();
        let mut open = OpenFrame::with_capacity(1_000);
        open.end().extend_from_slice(payload);
        let parts = open.put(b"k", share, |key, value| values.push((key, value)));
        (parts, values)
    }

    fn copied(payload: &[u8], share: usize) -> (u16, Values) {
        let mut values = Values::new();
        let parts = put_parts(b"k", payload, share, |key, value| values.push((key, value)));
        (parts, values)
    }

    #[test]
    fn a_record_is_written_alike_in_place_and_copied() {
        let payload: Vec<u8> = (0..=20).collect();
        for bytes in 0..=20 {
            let payload = &payload[..bytes];
            assert_eq!(in_place(payload, 10), copied(payload, 10), "{bytes}");
        }
    }

    #[test]
    fn a_record_has_a_value_for_each_share_that_it_begins() {
        for (bytes, parts) in [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)] {
            let (told, values) = in_place(&vec![7; bytes], 10);
            assert_eq!((told, values.len()), (parts, usize::from(parts)), "{bytes}");
        }
    }

    #[test]
    fn a_value_keeps_little_memory_for_nothing() {
        let (_, values) = in_place(b"short", 1_000);
        assert!(values[0].1.capacity() <= values[0].1.len() + MOST_UNUSED);
    }
}
