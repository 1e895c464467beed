use std::io::{self, IoSlice, Write};

use super::commit_head::CommitHead;
use super::place::ValueSpan;
use super::segment_number::SegmentNumber;
use super::table::push_entry;

/// A commit as it is appended to a segment: values stay where they are until they are written.
#[derive(Debug)]
pub(super) struct EncodedCommit<'a> {
    /// The head and the table.
    front: Vec<u8>,
    values: Vec<&'a [u8]>,
    spans: Vec<Option<ValueSpan>>,
    bytes: u64,
}

/// Which commit it is, and where it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommitPlace {
    pub(super) number: u64,
    pub(super) oldest: SegmentNumber,
    pub(super) salt: u32,
    /// Where in its segment it begins.
    pub(super) offset: u64,
}

impl<'a> EncodedCommit<'a> {
    /// Encodes entries: a key and its value, or `None` to delete it. No key may come twice.
    pub(super) fn new(
        place: CommitPlace,
        entries: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ) -> Self {
        let mut front = vec![0; CommitHead::BYTES];
        let (mut values, mut spans) = (Vec::new(), Vec::new());
        let mut value_bytes = 0;
        for (key, value) in entries {
            let span = value.map(|value| ValueSpan {
                offset: value_bytes,
                bytes: value.len() as u32,
                sum: crc32fast::hash(value),
            });
            push_entry(&mut front, key, span);
            value_bytes += value.map_or(0, |value| value.len() as u64);
            values.extend(value.filter(|value| !value.is_empty()));
            spans.push(span);
        }
        let values_at = place.offset + front.len() as u64;
        for span in spans.iter_mut().flatten() {
            span.offset += values_at;
        }
        let table = &front[CommitHead::BYTES..];
        let head = CommitHead {
            entries: spans.len() as u32,
            number: place.number,
            oldest: place.oldest,
            table_bytes: table.len() as u64,
            value_bytes,
            table_sum: crc32fast::hash(table),
        };
        front[..CommitHead::BYTES].copy_from_slice(&head.encode(place.salt));
        let bytes = front.len() as u64 + value_bytes;
        Self {
            front,
            values,
            spans,
            bytes,
        }
    }

    /// How long it is.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where in the segment the values are, in the order of the entries.
    pub(super) fn into_spans(self) -> Vec<Option<ValueSpan>> {
        self.spans
    }

    /// Writes all of it, in as few calls as the system lets.
    pub(super) fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut slices = Vec::with_capacity(1 + self.values.len());
        slices.push(IoSlice::new(&self.front));
        slices.extend(self.values.iter().map(|value| IoSlice::new(value)));
        let mut left = slices.as_mut_slice();
        while !left.is_empty() {
            match out.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes a call, over the borders of slices, and is interrupted now and then.
    #[derive(Default)]
    struct Sparing {
        taken: Vec<u8>,
        calls: u32,
    }

    impl Write for Sparing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(bytes)])
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls.is_multiple_of(3) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let all = slices.iter().flat_map(|slice| slice.iter().copied());
            let before = self.taken.len();
            self.taken.extend(all.take(7));
            Ok(self.taken.len() - before)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn encoded<'a>(entries: &'a [(&'a [u8], Option<&'a [u8]>)]) -> EncodedCommit<'a> {
        let place = CommitPlace {
            number: 4,
            oldest: SegmentNumber::new(2),
            salt: 5,
            offset: 1_000,
        };
        EncodedCommit::new(place, entries.iter().copied())
    }

    #[test]
    fn short_writes_leave_the_same_bytes_and_spans_say_where_values_are() {
        let entries: [(&[u8], Option<&[u8]>); 4] = [
            (b"a", Some(b"first value")),
            (b"b", None),
            (b"c", Some(b"")),
            (b"d", Some(b"last")),
        ];
        let commit = encoded(&entries);
        let (mut whole, mut sparing) = (Vec::new(), Sparing::default());
        commit.write_to(&mut whole).unwrap();
        commit.write_to(&mut sparing).unwrap();
        assert_eq!(sparing.taken, whole);
        assert_eq!(commit.bytes(), whole.len() as u64);
        for (span, (_, value)) in commit.into_spans().into_iter().zip(entries) {
            let found = span.map(|span| {
                let from = (span.offset - 1_000) as usize;
                &whole[from..from + span.bytes as usize]
            });
            assert_eq!(found, value);
        }
    }

    #[test]
    fn a_writer_that_takes_nothing_is_an_error_and_no_endless_loop() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Ok(0)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = encoded(&[]).write_to(&mut Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }
}
