use std::io;

use super::carrier::Carrier;
use super::compaction::{Compaction, LogBytes};
use super::damage::damaged;
use super::encoded_commit::{CommitPlace, EncodedCommit};
use super::index::Index;
use super::place::Place;
use super::segment::Segment;
use super::segment_number::SegmentNumber;
use super::segments::Segments;
use crate::embedded::{StoreDir, check_place_of};
use crate::failpoint::{Failpoint, reach};
use crate::kv::{KeyRange, KvError, WriteBatch};

/// The segments of a store and what is where in them.
#[derive(Debug)]
pub(super) struct OpenLog {
    dir: StoreDir,
    index: Index,
    segments: Segments,
    carrier: Carrier,
    compaction: Compaction,
}

impl OpenLog {
    pub(super) fn new(
        dir: StoreDir,
        index: Index,
        segments: Segments,
        compaction: Compaction,
    ) -> Self {
        Self {
            dir,
            index,
            segments,
            carrier: Carrier::new(),
            compaction,
        }
    }

    pub(super) const fn bytes(&self) -> LogBytes {
        self.segments.bytes()
    }

    pub(super) const fn compaction(&self) -> Compaction {
        self.compaction
    }

    /// Where the value of a key is.
    pub(super) fn place(&self, key: &[u8]) -> Option<Place> {
        self.index.get(key)
    }

    /// Keys in a range and where their values are, in key order.
    pub(super) fn range(
        &self,
        range: &KeyRange,
    ) -> impl DoubleEndedIterator<Item = (&[u8], Place)> {
        self.index.range(range)
    }

    pub(super) fn read(&self, place: Place) -> Result<Vec<u8>, KvError> {
        let path = &self.segments.of(place.segment).path;
        match self.segments.read(place) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(damaged(
                path,
                place.value.offset,
                "a value does not match its checksum",
            )),
            Err(e) => Err(KvError::io(format!("read {}", path.display()), e)),
        }
    }

    /// Appends a commit and makes it durable. Never to be tried again once it failed.
    pub(super) fn commit(&mut self, writes: WriteBatch, number: u64) -> Result<(), KvError> {
        let doing = format!("commit to {}", self.dir.path().display());
        let failed = |e: io::Error| KvError::io(&doing, e);
        let most = self
            .compaction
            .carried_by(writes.bytes() as u64, self.bytes());
        let carried = self
            .carrier
            .gather(&self.segments, &self.index, &writes, most)?;
        self.begin_segment(number).map_err(failed)?;
        let oldest = self.segments.oldest_needed();
        let place = CommitPlace {
            number,
            oldest,
            salt: self.segments.newest().head.salt,
            offset: self.segments.newest().end,
        };
        let own = writes.iter();
        let entries = own.chain(carried.iter().map(|c| (&*c.key, Some(c.value.as_slice()))));
        let commit = EncodedCommit::new(place, entries);
        self.append(&commit).map_err(failed)?;
        let spans = commit.into_spans();
        let own = writes.into_iter().map(|(key, _)| key.into_boxed_slice());
        let keys = own.chain(carried.into_iter().map(|entry| entry.key));
        for (key, span) in keys.zip(spans) {
            self.segments.note(&mut self.index, key, span);
        }
        self.drop_before(oldest).map_err(failed)
    }

    /// Begins a segment where the newest is large enough.
    fn begin_segment(&mut self, number: u64) -> io::Result<()> {
        let newest = self.segments.newest();
        let most = self.compaction.segment_bytes(self.bytes().live);
        if newest.end < most || !newest.has_commits() {
            return Ok(());
        }
        check_place_of(&newest.file, &newest.path)?;
        let next = newest.head.following(number);
        self.segments.push(Segment::create(&self.dir, next)?);
        reach(Failpoint::LogSegmentMade);
        Ok(())
    }

    fn append(&mut self, commit: &EncodedCommit<'_>) -> io::Result<()> {
        let newest = self.segments.newest_mut();
        commit.write_to(&mut newest.file)?;
        reach(Failpoint::LogWritten);
        newest.file.sync_data()?;
        reach(Failpoint::LogSynced);
        check_place_of(&newest.file, &newest.path)?;
        let end = newest.end + commit.bytes();
        self.segments.extend_to(end);
        Ok(())
    }

    /// Deletes the files of segments that a durable commit says are not needed.
    ///
    /// The name of one is gone for good before the next goes, so that there is never a gap.
    pub(super) fn drop_before(&mut self, oldest: SegmentNumber) -> io::Result<()> {
        while self.segments.oldest().number() < oldest {
            let Some(dead) = self.segments.pop_oldest() else {
                break;
            };
            std::fs::remove_file(&dead.path)?;
            self.dir.sync()?;
            reach(Failpoint::LogSegmentDropped);
        }
        Ok(())
    }
}
