use super::records::Found;
use super::salvage::Salvage;
use super::{About, FindingKind};
use crate::id::SinkName;
use crate::journal::{Fact, Sequence};
use crate::kv::OrderedKv;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{JournalRecord, encode};
use crate::ordinal::OrdinalSet;
use crate::storage::StorageError;

/// The journal has no gaps: it is kept from its last gap on, and readers are told where it begins.
impl<F: OrderedKv, T: OrderedKv> Salvage<'_, F, T> {
    pub(super) fn keep_journal(&mut self) -> Result<(), StorageError> {
        let keys = self.records.all_keys(key::journal_from(Sequence::START))?;
        self.find_beginning(&keys)?;
        for key in keys {
            let Some(Place::Journal(last)) = Place::of(&key) else {
                continue;
            };
            if last > self.trimmed
                && let Some(record) = self.records.get::<JournalRecord>(&key)?.whole()
            {
                let record = self.without_lost(record);
                self.put(key, encode(&record))?;
            }
        }
        self.keep_sinks()
    }

    /// Finds the last entry after which the journal is whole, and the last of all.
    fn find_beginning(&mut self, keys: &[Key]) -> Result<(), StorageError> {
        let trimmed = self.head.as_ref().map(|head| head.trimmed);
        let mut last = trimmed;
        let mut begins_after = trimmed.unwrap_or(Sequence::START);
        for key in keys {
            let Some(Place::Journal(end)) = Place::of(key) else {
                continue;
            };
            if trimmed.is_some_and(|trimmed| end <= trimmed) {
                continue;
            }
            let record = self.records.get::<JournalRecord>(key)?.whole();
            let whole = record.filter(|record| {
                let count = record.entries.len() as u64;
                record.first.get() + count == end.get() + 1 && !self.is_wrong(record.first, end)
            });
            match whole {
                Some(record) if last.is_none_or(|last| last.next() == record.first) => {
                    if last.is_none() {
                        begins_after = Sequence::new(record.first.get() - 1);
                    }
                }
                Some(record) => begins_after = Sequence::new(record.first.get() - 1),
                None => begins_after = end,
            }
            last = Some(end);
        }
        let last = last.unwrap_or(Sequence::START);
        let head = self.head.as_ref().map_or(last, |head| head.sequence);
        self.sequence = self.sequence.max(head).max(last);
        self.trimmed = match last == self.sequence {
            true => begins_after,
            false => self.sequence,
        };
        let first = trimmed.unwrap_or(Sequence::START).next();
        if self.trimmed >= first {
            let until = self.trimmed;
            let text = format!(
                "entries {first} to {until} are left out: some of them are lost, and the journal \
                 has no gaps"
            );
            self.lose(About::Entry(first), text);
        }
        Ok(())
    }

    /// Whether entries between these contradict others.
    fn is_wrong(&self, first: Sequence, last: Sequence) -> bool {
        self.found.findings.iter().any(|finding| {
            let wrong = finding.kind == FindingKind::JournalWrong;
            wrong && matches!(finding.about, About::Entry(at) if (first..=last).contains(&at))
        })
    }

    /// What is told of lost batches leads nowhere. Its place stays, so that nothing moves up.
    fn without_lost(&self, mut record: JournalRecord) -> JournalRecord {
        for (batch, fact) in &mut record.entries {
            if self.lost.contains(batch) {
                *fact = Fact::Released(OrdinalSet::new());
            }
        }
        record
    }

    fn keep_sinks(&mut self) -> Result<(), StorageError> {
        for key in self.records.all_keys(key::sinks())? {
            let Some(Place::Sink(name)) = Place::of(&key) else {
                continue;
            };
            let found = self.records.get::<(SinkName, Sequence)>(&key)?;
            let position = match found {
                Found::Whole((known, position)) if known == name => Some(position),
                _ => None,
            };
            let kept = position
                .unwrap_or(self.trimmed)
                .clamp(self.trimmed, self.sequence);
            match position {
                None => {
                    let text = format!("its position is lost: it begins again after {kept}");
                    self.lose(About::Sink(name.clone()), text);
                }
                Some(position) if position < kept => {
                    let text = format!("it was at {position}, and misses what came up to {kept}");
                    self.lose(About::Sink(name.clone()), text);
                }
                Some(_) => {}
            }
            self.put(key, encode(&(name, kept)))?;
        }
        Ok(())
    }
}
