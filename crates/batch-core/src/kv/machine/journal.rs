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
        let head = self.durable_sequence();
        while entries.len() < limit && from <= head {
            let found = self.entries_from(from, limit - entries.len())?;
            let last = found.last().ok_or_else(|| hole(from))?;
            from = last.sequence.next();
            entries.extend(found);
        }
        Ok(JournalPage::new(entries, head, self.head.trimmed))
    }

    /// The last entry of the groups before this one: what this one adds is not durable yet.
    fn durable_sequence(&self) -> Sequence {
        let before = self.before.head.as_ref().unwrap_or(&self.head);
        before.sequence
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::id::{BatchId, WorkflowId};
    use crate::kv::machine::Staged;
    use crate::kv::prepare::{InputForm, prepare};
    use crate::memory::MemoryKv;
    use crate::request::{BatchRequest, Input, Limits};
    use crate::storage::{NewBatch, WorkflowChange};
    use crate::time::{Clock, ManualClock, Moment};
    use crate::valid::validate;

    fn store(machine: &mut Machine<MemoryKv>, now: Moment) {
        let request = BatchRequest::new("w").input(Input::text("x"));
        let content = validate(request, &Limits::default()).unwrap();
        let batch = NewBatch::single(BatchId::generate(), content);
        let batch = prepare(batch, 512, InputForm::Encoded, &[0; 32]).unwrap();
        machine.insert(batch, Staged::No, now).unwrap();
    }

    #[test]
    fn a_read_in_the_group_of_a_write_sees_what_was_durable_before_it() {
        let now = ManualClock::default().now();
        let kv = MemoryKv::new();
        let mut machine = Machine::open(kv, [0; 32], Duration::ZERO, now).unwrap();
        let workflow = WorkflowId::new("w").unwrap();
        let change = WorkflowChange::EnsureDeployed;
        machine.change_workflow(&workflow, change, now).unwrap();
        store(&mut machine, now);
        machine.commit(now).unwrap();
        store(&mut machine, now);
        let limit = NonZeroU32::new(10).unwrap();
        let page = machine.journal(Sequence::START, limit).unwrap();
        assert_eq!((page.entries.len(), page.head), (1, Sequence::new(1)));
    }
}
