use std::collections::BTreeMap;

use super::notes::Notes;
use super::progress::Progress;
use super::records::{Found, Records, VALUES_A_SCAN};
use super::tally::Tally;
use super::{About, FindingKind};
use crate::id::BatchId;
use crate::journal::{Entry, Sequence};
use crate::kv::OrderedKv;
use crate::kv::counted::counted;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{Head, JournalRecord};
use crate::storage::StorageError;

/// The journal, a page a step: without gaps, in order, and telling what the batches say.
#[derive(Debug, Default)]
pub(super) struct JournalWalk {
    from: Option<Key>,
    /// The last entry that was met, or passed over because it was trimmed or is missing.
    last: Sequence,
    /// Whether some entries are missing or cannot be read.
    broken: bool,
    tallies: BTreeMap<BatchId, Tally>,
}

impl JournalWalk {
    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        let head = records.get::<Head>(&key::head())?.whole();
        let range = key::journal_from(Sequence::START).resumed(self.from.as_ref());
        let page = records.keys(&range, VALUES_A_SCAN)?;
        for key in &page.keys {
            self.check_record(records, notes, head.as_ref(), key)?;
        }
        // Where a page ends in the midst of a commit made meanwhile, the next begins after it.
        self.from = page
            .keys
            .last()
            .map(|key| super::records::after(key))
            .or(self.from.take());
        if page.next.is_some() {
            return Ok(Progress::More);
        }
        self.end(records, notes, head.as_ref())?;
        Ok(Progress::Done)
    }

    fn check_record<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        head: Option<&Head>,
        key: &[u8],
    ) -> Result<(), StorageError> {
        let Some(Place::Journal(last)) = Place::of(key) else {
            return Ok(());
        };
        let about = About::Entry(last);
        let trimmed = head.map_or(Sequence::START, |head| head.trimmed);
        if head.is_some() && last <= trimmed {
            let text = format!("it is there, and the journal was trimmed up to {trimmed}");
            notes.find(about, FindingKind::JournalAstray, text);
            return Ok(());
        }
        if head.is_some_and(|head| last > head.sequence) {
            let text = "it is there, and the journal ends before it";
            notes.find(about.clone(), FindingKind::JournalAstray, text);
        }
        self.last = self.last.max(trimmed);
        let record = match records.get::<JournalRecord>(key)? {
            Found::Whole(record) => record,
            Found::Absent => return Ok(()),
            Found::Unreadable => {
                self.broken = true;
                self.last = last;
                return Ok(());
            }
        };
        let count = record.entries.len() as u64;
        if record.first.get().checked_add(count) != last.get().checked_add(1) {
            let entries = counted(count, "entry", "entries");
            let text = format!("its record holds {entries} from {} on", record.first);
            notes.find(about, FindingKind::JournalWrong, text);
        }
        // Without a head nobody knows where the journal begins.
        if head.is_none() && self.from.is_none() && self.last == Sequence::START {
            self.last = Sequence::new(record.first.get().saturating_sub(1));
        }
        self.miss(notes, record.first);
        if record.first <= self.last {
            let text = "its record repeats entries";
            notes.find(About::Entry(last), FindingKind::JournalWrong, text);
        }
        self.last = last;
        for entry in record.into_entries() {
            self.tally(notes, &entry);
        }
        Ok(())
    }

    /// Notes that there are no entries between the last one and this one.
    fn miss(&mut self, notes: &mut Notes, next: Sequence) {
        let first = self.last.next();
        if first >= next {
            return;
        }
        self.broken = true;
        let text = format!("entries {first} to {} are missing", next.get() - 1);
        notes.find(About::Entry(first), FindingKind::JournalMissing, text);
    }

    fn tally(&mut self, notes: &mut Notes, entry: &Entry) {
        notes.looked_at.entries += 1;
        let as_of = notes.batches.get(&entry.batch).map(|batch| batch.as_of);
        if as_of.is_some_and(|as_of| entry.sequence > as_of) {
            return;
        }
        let tally = self.tallies.entry(entry.batch).or_default();
        if let Err(text) = tally.add(entry) {
            let about = About::Entry(entry.sequence);
            let text = format!("{}: {text}", entry.batch);
            notes.find(about, FindingKind::JournalWrong, text);
        }
    }

    fn end<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        head: Option<&Head>,
    ) -> Result<(), StorageError> {
        if let Some(head) = head {
            self.last = self.last.max(head.trimmed);
            self.miss(notes, head.sequence.next());
        }
        let batches = std::mem::take(&mut notes.batches);
        for (id, summary) in &batches {
            if let Some(tally) = self.tallies.get(id)
                && let Err(text) = tally.compare(summary, self.broken)
            {
                notes.find_batch(*id, FindingKind::JournalWrong, text);
            }
        }
        if self.broken {
            // The missing entries may tell that a batch has finished, and then it was pruned.
            return Ok(());
        }
        for (id, tally) in &self.tallies {
            let gone = !tally.is_finished() && !notes.seen.contains(id) && tally.is_told();
            if gone && records.bytes(&key::header(*id))?.is_absent() {
                let text = "the journal tells of it and of no end, and its header is missing";
                notes.find_batch(*id, FindingKind::HeaderMissing, text);
            }
        }
        Ok(())
    }
}
