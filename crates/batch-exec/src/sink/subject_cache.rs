use std::collections::{HashMap, VecDeque};

use batch_core::batch::Batch;
use batch_core::id::BatchId;
use batch_core::journal::{Entry, Event, Fact, Subject, expand};
use batch_core::ordinal::{Ordinal, OrdinalSet};
use batch_core::storage::{Storage, StorageError};

use super::SinkFilter;

/// The most batches whose subjects are kept.
const MOST_BATCHES: usize = 256;
/// About the most bytes of subjects that are kept, the batch in hand aside.
const MOST_BYTES: usize = 16 << 20;
/// About how many bytes a subject takes beside its texts.
const SUBJECT_BYTES: usize = 96;

/// Makes events of journal entries, and remembers what they say of the runs of recent batches.
///
/// A run has two events at least, and what they carry of its input changes only where the journal
/// says so.
#[derive(Debug, Default)]
pub(super) struct SubjectCache {
    batches: HashMap<BatchId, Remembered>,
    /// Oldest first.
    order: VecDeque<BatchId>,
    bytes: usize,
}

#[derive(Debug)]
struct Remembered {
    batch: Batch,
    subjects: HashMap<Ordinal, Subject>,
    bytes: usize,
}

impl SubjectCache {
    /// The wanted events of an entry; none where the store no longer knows the batch.
    pub(super) async fn events(
        &mut self,
        storage: &dyn Storage,
        entry: &Entry,
        filter: &SinkFilter,
    ) -> Result<Vec<Event>, StorageError> {
        self.forget_changed(entry);
        let events = match filter.wants_any_of(&entry.fact) {
            true => self.wanted(storage, entry, filter).await,
            false => Ok(Vec::new()),
        };
        if matches!(entry.fact, Fact::Finished { .. } | Fact::BatchDeleted) {
            self.forget(entry.batch);
        }
        events
    }

    async fn wanted(
        &mut self,
        storage: &dyn Storage,
        entry: &Entry,
        filter: &SinkFilter,
    ) -> Result<Vec<Event>, StorageError> {
        if !self.batches.contains_key(&entry.batch) {
            let Some(batch) = storage.batch(entry.batch).await? else {
                tracing::warn!(batch = %entry.batch, entry = %entry.sequence, "the batch is gone, its events are left out");
                return Ok(Vec::new());
            };
            self.remember(batch);
        }
        let workflow = self.batches.get(&entry.batch).map(|it| &it.batch.workflow);
        if !workflow.is_some_and(|workflow| filter.wants_of(workflow)) {
            return Ok(Vec::new());
        }
        self.load(storage, entry).await?;
        let events = self.batches.get(&entry.batch).map(|known| {
            let subject = |ordinal| known.subjects.get(&ordinal).cloned().unwrap_or_default();
            expand(entry, &known.batch, subject)
        });
        let mut events = events.unwrap_or_default();
        events.retain(|event| filter.wants(event.kind.name()));
        Ok(events)
    }

    /// Forgets the subjects that an entry says have changed.
    fn forget_changed(&mut self, entry: &Entry) {
        let (Fact::Updated(changed) | Fact::Deleted(changed)) = &entry.fact else {
            return;
        };
        let Some(known) = self.batches.get_mut(&entry.batch) else {
            return;
        };
        for ordinal in changed.iter() {
            if let Some(subject) = known.subjects.remove(&ordinal) {
                let bytes = bytes_of(&subject);
                known.bytes -= bytes;
                self.bytes -= bytes;
            }
        }
    }

    /// Reads the subjects of an entry that are not known yet.
    async fn load(&mut self, storage: &dyn Storage, entry: &Entry) -> Result<(), StorageError> {
        let Some(known) = self.batches.get_mut(&entry.batch) else {
            return Ok(());
        };
        let ordinals = entry.fact.ordinals();
        let missing: OrdinalSet = ordinals
            .iter()
            .filter(|ordinal| !known.subjects.contains_key(ordinal))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let inputs = storage.inputs(entry.batch, missing.clone()).await?;
        for (ordinal, input) in missing.iter().zip(inputs) {
            let subject = Subject {
                name: input.name().map(str::to_owned),
                metadata: input.metadata().clone(),
            };
            let bytes = bytes_of(&subject);
            known.subjects.insert(ordinal, subject);
            known.bytes += bytes;
            self.bytes += bytes;
        }
        Ok(())
    }

    /// Begins to remember a batch; older ones make room.
    fn remember(&mut self, batch: Batch) {
        while self.order.len() >= MOST_BATCHES || self.bytes > MOST_BYTES {
            let Some(oldest) = self.order.front().copied() else {
                break;
            };
            self.forget(oldest);
        }
        self.order.push_back(batch.id);
        let remembered = Remembered {
            subjects: HashMap::new(),
            bytes: 0,
            batch,
        };
        self.batches.insert(remembered.batch.id, remembered);
    }

    fn forget(&mut self, batch: BatchId) {
        if let Some(known) = self.batches.remove(&batch) {
            self.bytes -= known.bytes;
            self.order.retain(|id| *id != batch);
        }
    }
}

fn bytes_of(subject: &Subject) -> usize {
    let name = subject.name.as_ref().map_or(0, String::len);
    SUBJECT_BYTES + name + subject.metadata.as_json().len()
}
