use std::collections::VecDeque;
use std::io;

use super::compaction::LogBytes;
use super::index::Index;
use super::place::{Place, ValueSpan};
use super::read_at::read_exact_at;
use super::segment::{Segment, entry_bytes};
use super::segment_number::SegmentNumber;

/// The segments of a log, the oldest first. There is always one.
#[derive(Debug)]
pub(super) struct Segments {
    older: VecDeque<Segment>,
    newest: Segment,
    bytes: LogBytes,
}

impl Segments {
    pub(super) fn new(first: Segment) -> Self {
        let bytes = LogBytes {
            total: first.end,
            live: first.live_bytes(),
        };
        Self {
            older: VecDeque::new(),
            newest: first,
            bytes,
        }
    }

    /// Adds the next segment, to which commits go from now on.
    pub(super) fn push(&mut self, segment: Segment) {
        self.bytes.total += segment.end;
        let before = std::mem::replace(&mut self.newest, segment);
        self.older.push_back(before);
    }

    /// Takes the oldest away, unless it is the only one.
    pub(super) fn pop_oldest(&mut self) -> Option<Segment> {
        let oldest = self.older.pop_front()?;
        self.bytes.total -= oldest.end;
        self.bytes.live -= oldest.live_bytes();
        Some(oldest)
    }

    pub(super) const fn newest(&self) -> &Segment {
        &self.newest
    }

    pub(super) const fn newest_mut(&mut self) -> &mut Segment {
        &mut self.newest
    }

    pub(super) fn oldest(&self) -> &Segment {
        self.older.front().unwrap_or(&self.newest)
    }

    /// The first segment that holds something live; the newest where none does.
    pub(super) fn oldest_needed(&self) -> SegmentNumber {
        let needed = self.older.iter().find(|segment| segment.has_live());
        needed.unwrap_or(&self.newest).number()
    }

    pub(super) const fn bytes(&self) -> LogBytes {
        self.bytes
    }

    /// Moves the end of the newest on.
    pub(super) const fn extend_to(&mut self, end: u64) {
        self.bytes.total += end - self.newest.end;
        self.newest.end = end;
    }

    /// Writes into an index what a commit in the newest segment says of a key.
    pub(super) fn note(&mut self, index: &mut Index, key: Box<[u8]>, value: Option<ValueSpan>) {
        let key_bytes = key.len();
        if let Some(value) = value {
            let bytes = entry_bytes(key_bytes, value);
            self.newest.add(bytes);
            self.bytes.live += bytes;
        }
        let segment = self.newest.number();
        let place = value.map(|value| Place { segment, value });
        if let Some(before) = index.set(key, place) {
            let bytes = entry_bytes(key_bytes, before.value);
            self.bytes.live -= bytes;
            self.of_mut(before.segment).remove(bytes);
        }
    }

    /// Reads a value; `None` where it does not match its checksum.
    pub(super) fn read(&self, place: Place) -> io::Result<Option<Vec<u8>>> {
        let mut value = vec![0; place.value.bytes as usize];
        read_exact_at(&self.of(place.segment).file, &mut value, place.value.offset)?;
        Ok((crc32fast::hash(&value) == place.value.sum).then_some(value))
    }

    /// The segment of a place: the index names none that is gone.
    pub(super) fn of(&self, number: SegmentNumber) -> &Segment {
        match self.position(number) {
            Some(at) => &self.older[at],
            None => &self.newest,
        }
    }

    fn of_mut(&mut self, number: SegmentNumber) -> &mut Segment {
        match self.position(number) {
            Some(at) => &mut self.older[at],
            None => &mut self.newest,
        }
    }

    fn position(&self, number: SegmentNumber) -> Option<usize> {
        self.older
            .binary_search_by_key(&number, Segment::number)
            .ok()
    }
}
