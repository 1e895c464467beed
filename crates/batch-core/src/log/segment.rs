use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::place::ValueSpan;
use super::segment_head::SegmentHead;
use super::segment_number::SegmentNumber;
use super::table::ENTRY_BYTES;
use crate::embedded::StoreDir;
use crate::failpoint::{Failpoint, reach};

/// A file of the log, and how much of it is live.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) head: SegmentHead,
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// Where the next commit goes.
    pub(super) end: u64,
    live_bytes: u64,
    live_entries: u64,
}

impl Segment {
    pub(super) const fn new(head: SegmentHead, file: File, path: PathBuf, end: u64) -> Self {
        Self {
            head,
            file,
            path,
            end,
            live_bytes: 0,
            live_entries: 0,
        }
    }

    /// Makes the file of a segment, durably.
    pub(super) fn create(dir: &StoreDir, head: SegmentHead) -> io::Result<Self> {
        let path = dir.path().join(head.number.file_name());
        let mut file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        reach(Failpoint::DataFileMade);
        io::Write::write_all(&mut file, &head.encode())?;
        file.sync_all()?;
        dir.sync()?;
        Ok(Self::new(head, file, path, SegmentHead::BYTES as u64))
    }

    pub(super) const fn number(&self) -> SegmentNumber {
        self.head.number
    }

    /// Whether it has a commit.
    pub(super) const fn has_commits(&self) -> bool {
        self.end > SegmentHead::BYTES as u64
    }

    pub(super) const fn live_bytes(&self) -> u64 {
        self.live_bytes
    }

    pub(super) const fn has_live(&self) -> bool {
        self.live_entries > 0
    }

    /// One entry more of so many bytes is live.
    pub(super) const fn add(&mut self, bytes: u64) {
        self.live_entries += 1;
        self.live_bytes += bytes;
    }

    /// One entry of so many bytes is not live any more.
    pub(super) const fn remove(&mut self, bytes: u64) {
        self.live_entries -= 1;
        self.live_bytes -= bytes;
    }
}

/// What an entry takes of a segment.
pub(super) const fn entry_bytes(key_bytes: usize, value: ValueSpan) -> u64 {
    (ENTRY_BYTES + key_bytes) as u64 + value.bytes as u64
}
