use std::num::NonZeroUsize;

use super::FindingKind;
use super::batch_check::Body;
use super::notes::Notes;
use super::progress::Progress;
use super::records::{Found, KeyPage, Records};
use crate::kv::OrderedKv;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{OutputPlace, RunPage, StoredChunk};
use crate::ordinal::Ordinal;
use crate::storage::StorageError;

/// The inputs of a batch and then its outputs, some values a step.
#[derive(Debug)]
pub(super) struct BodyWalk {
    body: Body,
    /// The next input that must come.
    next_input: u32,
    part: Part,
}

#[derive(Debug)]
enum Part {
    Inputs { from: Option<Key> },
    Outputs { from: Option<Key> },
}

/// About 1 MiB where a value has 16 KiB.
const VALUES_A_STEP: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not zero");

impl BodyWalk {
    pub(super) const fn new(body: Body) -> Self {
        Self {
            body,
            next_input: 0,
            part: Part::Inputs { from: None },
        }
    }

    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        if records.bytes(&key::header(self.body.id))?.is_absent() {
            // Pruned meanwhile.
            return Ok(Progress::Done);
        }
        match &self.part {
            Part::Inputs { from } => {
                let range = key::inputs_from(self.body.id, Ordinal::new(0));
                let page = records.keys(&range.resumed(from.as_ref()), VALUES_A_STEP)?;
                self.check_inputs(records, notes, page)
            }
            Part::Outputs { from } => {
                let range = key::outputs(self.body.id);
                let page = records.keys(&range.resumed(from.as_ref()), VALUES_A_STEP)?;
                self.check_outputs(records, notes, page)
            }
        }
    }

    fn check_inputs<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        page: KeyPage,
    ) -> Result<Progress, StorageError> {
        for key in &page.keys {
            self.check_chunk(records, notes, key)?;
        }
        self.part = match page.next {
            Some(next) => Part::Inputs { from: Some(next) },
            None => {
                self.miss_inputs(notes, self.body.total);
                Part::Outputs { from: None }
            }
        };
        Ok(Progress::More)
    }

    /// Chunks follow one another, and each stands under its last input.
    fn check_chunk<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        key: &[u8],
    ) -> Result<(), StorageError> {
        let Some(Place::Inputs(id, last)) = Place::of(key) else {
            return Ok(());
        };
        let end = last.get().saturating_add(1);
        if let Found::Whole(payload) = records.bytes(key)? {
            let Some((first, count)) = StoredChunk::extent(&payload) else {
                return Ok(());
            };
            self.miss_inputs(notes, first.min(self.body.total));
            let fits = first == self.next_input && first.checked_add(count) == Some(end);
            if !fits || end > self.body.total {
                let text = format!(
                    "its chunk of inputs that ends with input {last} holds {count} from {first} on"
                );
                notes.find_batch(id, FindingKind::InputsAstray, text);
            }
        }
        // Of one that cannot be read the key tells where it ends.
        self.next_input = self.next_input.max(end);
        Ok(())
    }

    /// Notes the inputs that should have come before this one.
    fn miss_inputs(&mut self, notes: &mut Notes, until: u32) {
        if self.next_input < until {
            let text = format!(
                "its inputs {} to {} are missing",
                self.next_input,
                until - 1
            );
            notes.find_batch(self.body.id, FindingKind::InputsMissing, text);
            self.next_input = until;
        }
    }

    fn check_outputs<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        page: KeyPage,
    ) -> Result<Progress, StorageError> {
        for key in page.keys {
            let Some(Place::Output(id, ordinal)) = Place::of(&key) else {
                continue;
            };
            let expected = self.body.apart.remove(ordinal);
            if !expected && !has_output(records, id, ordinal)? {
                let text = "it has an output, and its record tells of none";
                notes.find_run(id, ordinal, FindingKind::OutputAstray, text);
            }
        }
        if let Some(next) = page.next {
            self.part = Part::Outputs { from: Some(next) };
            return Ok(Progress::More);
        }
        for ordinal in self.body.apart.iter() {
            let text = "its output is missing";
            notes.find_run(self.body.id, ordinal, FindingKind::OutputMissing, text);
        }
        Ok(Progress::Done)
    }
}

/// Whether the record of a run tells of an output apart; taken for true where it cannot be read.
fn has_output<K: OrderedKv>(
    records: &Records<'_, K>,
    id: crate::id::BatchId,
    ordinal: Ordinal,
) -> Result<bool, StorageError> {
    let page = records.get::<RunPage>(&key::page(id, RunPage::of(ordinal)))?;
    Ok(match page {
        Found::Whole(page) => page
            .record(ordinal)
            .is_some_and(|record| record.output == Some(OutputPlace::Apart)),
        Found::Absent => false,
        Found::Unreadable => true,
    })
}
