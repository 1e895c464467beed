use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::commit_head::CommitHead;
use super::entry::Entry;
use super::place::ValueSpan;
use super::table::read_table;

/// Reads the commits of a segment one after another, and no more of it at a time than this and
/// the table of a commit.
const BUFFER: usize = 1 << 20;

/// The commits of a segment, from one end to the other.
#[derive(Debug)]
pub(super) struct Scanner<R> {
    input: BufReader<R>,
    salt: u32,
    /// Where the next commit begins.
    at: u64,
    /// Where the segment ends.
    end: u64,
    values: Values,
}

/// What becomes of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// Every one is held against its checksum.
    Check,
    /// The same, and the key of one that does not match it has none from then on.
    DropBad,
}

/// A whole commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    pub(super) head: CommitHead,
    /// Where it begins and ends.
    pub(super) at: u64,
    pub(super) end: u64,
    pub(super) entries: Vec<Entry>,
}

/// Why there is no next commit, where the segment does not simply end.
#[derive(Debug)]
pub(super) enum Stop {
    Failed(io::Error),
    /// What begins there is no whole commit.
    Bad {
        at: u64,
        why: &'static str,
    },
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl<R: Read + Seek> Scanner<R> {
    /// Begins at a commit.
    pub(super) fn new(
        mut input: R,
        salt: u32,
        at: u64,
        end: u64,
        values: Values,
    ) -> io::Result<Self> {
        input.seek(SeekFrom::Start(at))?;
        Ok(Self {
            input: BufReader::with_capacity(BUFFER, input),
            salt,
            at,
            end,
            values,
        })
    }

    /// The next commit; `None` at the end of the segment.
    pub(super) fn next(&mut self) -> Result<Option<Scanned>, Stop> {
        let at = self.at;
        if at == self.end {
            return Ok(None);
        }
        let bad = |why| Err(Stop::Bad { at, why });
        let cut = "the segment ends within a commit";
        if self.end - at < CommitHead::BYTES as u64 {
            return bad(cut);
        }
        let mut head = [0; CommitHead::BYTES];
        self.input.read_exact(&mut head)?;
        let Some(head) = CommitHead::decode(&head, self.salt) else {
            return bad("there is no head of a commit");
        };
        let end = head.commit_bytes().and_then(|bytes| at.checked_add(bytes));
        let Some(end) = end.filter(|end| *end <= self.end) else {
            return bad(cut);
        };
        let mut table = vec![0; head.table_bytes as usize];
        self.input.read_exact(&mut table)?;
        if crc32fast::hash(&table) != head.table_sum {
            return bad("the keys of a commit do not match their checksum");
        }
        let values_at = end - head.value_bytes;
        let Some(mut entries) = read_table(&table, head.entries, values_at, head.value_bytes)
        else {
            return bad("the keys of a commit do not fit it");
        };
        if !self.check_values(&mut entries)? {
            return bad("a value does not match its checksum");
        }
        self.at = end;
        Ok(Some(Scanned {
            head,
            at,
            end,
            entries,
        }))
    }

    /// Whether the values are what they were, or are left out where they are not.
    fn check_values(&mut self, entries: &mut [Entry]) -> io::Result<bool> {
        let mut are_whole = true;
        for entry in entries {
            let Some(value) = entry.value else { continue };
            if !self.is_whole(value)? {
                are_whole = false;
                entry.value = None;
            }
        }
        Ok(are_whole || self.values == Values::DropBad)
    }

    fn is_whole(&mut self, value: ValueSpan) -> io::Result<bool> {
        let mut sum = crc32fast::Hasher::new();
        let mut left = value.bytes as usize;
        while left > 0 {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = buffer.len().min(left);
            sum.update(&buffer[..taken]);
            self.input.consume(taken);
            left -= taken;
        }
        Ok(sum.finalize() == value.sum)
    }
}
