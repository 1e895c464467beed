use std::cmp::Ordering;
use std::num::{NonZeroU32, NonZeroUsize};

use super::Machine;
use crate::journal::{Entry, Sequence};
use crate::kv::OrderedKv;
use crate::kv::key::{self, Key};
use crate::kv::record::{JournalRecord, decode};
use crate::kv::stage::Stored;
use crate::storage::{ErrorKind, JournalPage, SortOrder, StorageError};

/// The most values one read of the journal scans.
const VALUES_A_READ: usize = 1_024;

impl<K: OrderedKv> Machine<K> {
    /// Reads entries after a position.
    pub(in crate::kv) fn journal(
        &self,
        after: Sequence,
        limit: NonZeroU32,
    ) -> Result<JournalPage, StorageError> {
        let limit = limit.get() as usize;
        let mut from = after.max(self.head.trimmed).next();
        let mut entries = Vec::new();
        while entries.len() < limit && from <= self.head.sequence {
            let found = self.entries_from(from, limit - entries.len())?;
            let last = found.last().ok_or_else(|| hole(from))?;
            from = last.sequence.next();
            entries.extend(found);
        }
        // Entries of this very group are not durable yet, and no reader asks for them
        // before it is: the shell answers after the commit.
        Ok(JournalPage::new(
            entries,
            self.head.sequence,
            self.head.trimmed,
        ))
    }

    /// Entries from one on, without gaps; whole records, at most about `limit` entries.
    fn entries_from(&self, from: Sequence, limit: usize) -> Result<Vec<Entry>, StorageError> {
        let mut entries = Vec::new();
        let mut next = from;
        for (_, stored) in self.journal_records(from, limit)? {
            let record: JournalRecord =
                decode(&stored.payload, || format!("journal entry {next}"))?;
            for entry in record.into_entries() {
                match entry.sequence.cmp(&next) {
                    Ordering::Less => {}
                    Ordering::Equal => {
                        next = next.next();
                        entries.push(entry);
                    }
                    Ordering::Greater => return Err(hole(next)),
                }
            }
            if entries.len() >= limit {
                break;
            }
        }
        Ok(entries)
    }

    /// The records that hold an entry and those after it, with their keys.
    pub(super) fn journal_records(
        &self,
        from: Sequence,
        limit: usize,
    ) -> Result<Vec<(Key, Stored)>, StorageError> {
        let values = NonZeroUsize::MIN.saturating_add(limit.min(VALUES_A_READ));
        let range = key::journal_from(from);
        let found = self
            .stage
            .records_in(&range, SortOrder::Ascending, values)?;
        Ok(found)
    }
}

fn hole(at: Sequence) -> StorageError {
    StorageError::new(ErrorKind::Damaged, format!("journal entry {at} is missing"))
}
