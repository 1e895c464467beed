use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::damage::damaged;
use super::index::Index;
use super::layout::FORMAT;
use super::next_head::next_head;
use super::scanner::{Scanned, Scanner, Stop, Values};
use super::segment::Segment;
use super::segment_head::SegmentHead;
use super::segment_number::SegmentNumber;
use super::segments::Segments;
use crate::embedded::StoreDir;
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// What becomes of damage to a log that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDamage {
    /// It is an error.
    Refuse,
    /// What is behind it is read all the same: for a salvage.
    PassOver,
}

/// Reads a log from its files and changes nothing of them.
#[derive(Debug)]
pub(super) struct LogReader {
    on_damage: OnDamage,
    pub(super) index: Index,
    pub(super) segments: Option<Segments>,
    /// The number of the last whole commit.
    pub(super) last: u64,
    /// The segments before this one are not needed.
    pub(super) oldest: SegmentNumber,
    /// Where in the newest segment the last commit begins, or else the segment.
    pub(super) last_at: u64,
    /// What stands behind the last whole commit: a write that was cut short, if it was not
    /// acknowledged.
    pub(super) tail: Option<KvError>,
    /// The file of a segment whose making was cut short.
    pub(super) stub: Option<PathBuf>,
    /// The first damage that was passed over.
    pub(super) passed_over: Option<KvError>,
}

impl LogReader {
    /// Reads all segments in a directory.
    pub(super) fn read(dir: &StoreDir, on_damage: OnDamage) -> Result<Self, KvError> {
        let doing = format!("read {}", dir.path().display());
        let mut numbers: Vec<SegmentNumber> = dir
            .names()
            .map_err(|e| KvError::io(doing, e))?
            .iter()
            .filter_map(|name| SegmentNumber::of_name(name))
            .collect();
        numbers.sort_unstable();
        let mut reader = Self {
            on_damage,
            index: Index::default(),
            segments: None,
            last: 0,
            oldest: SegmentNumber::FIRST,
            last_at: 0,
            tail: None,
            stub: None,
            passed_over: None,
        };
        let newest = numbers.last().copied();
        for number in numbers {
            let path = dir.path().join(number.file_name());
            reader.read_segment(number, path, newest == Some(number))?;
        }
        Ok(reader)
    }

    fn read_segment(
        &mut self,
        number: SegmentNumber,
        path: PathBuf,
        is_newest: bool,
    ) -> Result<(), KvError> {
        let failed = |e: io::Error| KvError::io(format!("read {}", path.display()), e);
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let mut head = Vec::new();
        Read::take(&mut file, SegmentHead::BYTES as u64)
            .read_to_end(&mut head)
            .map_err(failed)?;
        let end = file.metadata().map_err(failed)?.len();
        let Some(head) = SegmentHead::decode(&head) else {
            // Its head is durable before anything is behind it.
            if is_newest && end <= SegmentHead::BYTES as u64 {
                self.stub = Some(path);
                return Ok(());
            }
            return self.pass_over(damaged(&path, 0, "it does not begin as a segment"));
        };
        self.check_head(head, number, &path)?;
        self.last_at = 0;
        let segment = Segment::new(head, file, path, SegmentHead::BYTES as u64);
        match &mut self.segments {
            Some(segments) => segments.push(segment),
            None => self.segments = Some(Segments::new(segment)),
        }
        self.read_commits(end, is_newest)
    }

    /// Whether it is the segment that follows.
    fn check_head(
        &mut self,
        head: SegmentHead,
        number: SegmentNumber,
        path: &Path,
    ) -> Result<(), KvError> {
        if head.format > FORMAT {
            let (path, format) = (path.display(), head.format);
            let doing =
                format!("{path} is of format {format}, and this program reads up to {FORMAT}");
            return Err(KvError::new(ErrorKind::NewerFormat, doing));
        }
        if head.number != number {
            self.pass_over(damaged(path, 0, "it is another segment than its name says"))?;
        }
        let Some(segments) = &self.segments else {
            self.last = head.first.saturating_sub(1);
            return Ok(());
        };
        let before = segments.newest();
        if before.number().next() != number {
            let missing = before
                .path
                .with_file_name(before.number().next().file_name());
            let doing = format!("{} is missing", missing.display());
            self.pass_over(KvError::new(ErrorKind::Damaged, doing))?;
        } else if head.first != self.last + 1 {
            let (first, next) = (head.first, self.last + 1);
            let why = format!("it begins at commit {first} and not at commit {next}");
            self.pass_over(damaged(path, 0, &why))?;
        }
        Ok(())
    }

    /// Reads the commits of the newest of the segments that are read, whose file ends there.
    fn read_commits(&mut self, end: u64, is_newest: bool) -> Result<(), KvError> {
        let Some(segments) = &self.segments else {
            return Ok(());
        };
        let (salt, path) = (segments.newest().head.salt, segments.newest().path.clone());
        let failed = |e: io::Error| KvError::io(format!("read {}", path.display()), e);
        let file = segments.newest().file.try_clone().map_err(failed)?;
        let mut from = SegmentHead::BYTES as u64;
        loop {
            let scanner = Scanner::new(&file, salt, from, end, self.values()).map_err(failed)?;
            let stop = match self.read_whole(scanner, &path)? {
                None => return Ok(()),
                Some(stop) => stop,
            };
            let (at, why) = match stop {
                Stop::Failed(e) => return Err(failed(e)),
                Stop::Bad { at, why } => (at, why),
            };
            let damage = damaged(&path, at, why);
            match next_head(&mut &file, salt, at + 1, self.last).map_err(failed)? {
                Some(next) => {
                    self.pass_over(damage)?;
                    from = next;
                }
                None if is_newest => {
                    self.tail = Some(damage);
                    return Ok(());
                }
                None => return self.pass_over(damage),
            }
        }
    }

    /// Takes commits up to the end, or to where there is none.
    fn read_whole(
        &mut self,
        mut scanner: Scanner<&File>,
        path: &Path,
    ) -> Result<Option<Stop>, KvError> {
        loop {
            match scanner.next() {
                Ok(Some(commit)) => self.take(commit, path)?,
                Ok(None) => return Ok(None),
                Err(stop) => return Ok(Some(stop)),
            }
        }
    }

    fn take(&mut self, commit: Scanned, path: &Path) -> Result<(), KvError> {
        let (number, next) = (commit.head.number, self.last + 1);
        if number != next {
            let why = format!("commit {number} stands where commit {next} should");
            self.pass_over(damaged(path, commit.at, &why))?;
        }
        self.last = number;
        self.last_at = commit.at;
        self.oldest = commit.head.oldest;
        if let Some(segments) = &mut self.segments {
            segments.extend_to(commit.end);
            for entry in commit.entries {
                segments.note(&mut self.index, entry.key, entry.value);
            }
        }
        Ok(())
    }

    const fn values(&self) -> Values {
        match self.on_damage {
            OnDamage::Refuse => Values::Check,
            OnDamage::PassOver => Values::DropBad,
        }
    }

    fn pass_over(&mut self, damage: KvError) -> Result<(), KvError> {
        match self.on_damage {
            OnDamage::Refuse => Err(damage),
            OnDamage::PassOver => {
                self.passed_over.get_or_insert(damage);
                Ok(())
            }
        }
    }
}
