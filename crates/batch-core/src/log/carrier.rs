use std::vec::IntoIter;

use super::commit_head::CommitHead;
use super::damage::damaged;
use super::entry::Entry;
use super::index::Index;
use super::place::Place;
use super::read_at::read_exact_at;
use super::segment::{Segment, entry_bytes};
use super::segment_head::SegmentHead;
use super::segment_number::SegmentNumber;
use super::segments::Segments;
use super::table::read_table;
use crate::kv::{KvError, WriteBatch};

/// Goes through the oldest segment for what is live in it, a few entries at a time.
#[derive(Debug)]
pub(super) struct Carrier {
    segment: SegmentNumber,
    /// Where the next commit of it begins.
    at: u64,
    /// What is left of the commit before.
    entries: IntoIter<Entry>,
}

/// An entry that is written again with a commit, as it is.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) key: Box<[u8]>,
    pub(super) value: Vec<u8>,
}

impl Carrier {
    /// So many entries are looked at with a commit, or twice as many as it has.
    const LOOKED_AT: usize = 4_096;

    pub(super) fn new() -> Self {
        Self {
            segment: SegmentNumber::FIRST,
            at: SegmentHead::BYTES as u64,
            entries: Vec::new().into_iter(),
        }
    }

    /// The next live entries of the oldest segment, some bytes of them, but for those that a
    /// commit writes itself.
    pub(super) fn gather(
        &mut self,
        segments: &Segments,
        index: &Index,
        writes: &WriteBatch,
        most: u64,
    ) -> Result<Vec<Carried>, KvError> {
        let oldest = segments.oldest();
        let mut gathered = Vec::new();
        if most == 0 || oldest.number() == segments.newest().number() {
            return Ok(gathered);
        }
        self.turn_to(oldest);
        let entries = Self::LOOKED_AT.max(2 * writes.len());
        let (mut bytes, mut looked_at) = (0, 0);
        while oldest.has_live() && bytes < most && looked_at < entries {
            let Some(entry) = self.next(oldest)? else {
                break;
            };
            looked_at += 1;
            let Some(place) = live(&entry, oldest.number(), index) else {
                continue;
            };
            if writes.get(&entry.key).is_some() {
                continue;
            }
            bytes += entry_bytes(entry.key.len(), place.value);
            let value = segments.read(place).map_err(|e| unread(oldest, e))?;
            let value = value.ok_or_else(|| {
                damaged(
                    &oldest.path,
                    place.value.offset,
                    "a value does not match its checksum",
                )
            })?;
            let key = entry.key;
            gathered.push(Carried { key, value });
        }
        Ok(gathered)
    }

    /// From its begin where another is the oldest, and again where something was left behind.
    fn turn_to(&mut self, oldest: &Segment) {
        let is_through = self.at >= oldest.end && self.entries.len() == 0;
        if self.segment != oldest.number() || is_through {
            *self = Self {
                segment: oldest.number(),
                ..Self::new()
            };
        }
    }

    fn next(&mut self, oldest: &Segment) -> Result<Option<Entry>, KvError> {
        loop {
            if let Some(entry) = self.entries.next() {
                return Ok(Some(entry));
            }
            if self.at >= oldest.end {
                return Ok(None);
            }
            self.entries = self.read_commit(oldest)?.into_iter();
        }
    }

    fn read_commit(&mut self, oldest: &Segment) -> Result<Vec<Entry>, KvError> {
        let read = |buffer: &mut [u8], at| {
            read_exact_at(&oldest.file, buffer, at).map_err(|e| unread(oldest, e))
        };
        let bad = || damaged(&oldest.path, self.at, "it is no commit any more");
        let mut head = [0; CommitHead::BYTES];
        read(&mut head, self.at)?;
        let head = CommitHead::decode(&head, oldest.head.salt).ok_or_else(bad)?;
        let bytes = head.commit_bytes().ok_or_else(bad)?;
        let mut table = vec![0; head.table_bytes as usize];
        read(&mut table, self.at + CommitHead::BYTES as u64)?;
        if crc32fast::hash(&table) != head.table_sum {
            return Err(bad());
        }
        let values_at = self.at + bytes - head.value_bytes;
        let entries = read_table(&table, head.entries, values_at, head.value_bytes);
        let entries = entries.ok_or_else(bad)?;
        self.at += bytes;
        Ok(entries)
    }
}

/// Where the value of an entry is, if that is what its key has.
fn live(entry: &Entry, segment: SegmentNumber, index: &Index) -> Option<Place> {
    let value = entry.value?;
    let place = Place { segment, value };
    index.get(&entry.key).filter(|found| *found == place)
}

fn unread(segment: &Segment, source: std::io::Error) -> KvError {
    KvError::io(format!("read {}", segment.path.display()), source)
}
