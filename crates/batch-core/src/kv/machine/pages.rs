use std::collections::BTreeMap;

use super::Machine;
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{OpenFrame, RunPage, RunRecord, decode};
use crate::kv::stage::Stage;
use crate::ordinal::Ordinal;
use crate::storage::{ErrorKind, StorageError};

/// The pages of run records that the open group has read, and those it has changed.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Pages {
    open: BTreeMap<(BatchId, u32), OpenPage>,
}

#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct OpenPage {
    page: RunPage,
    /// How many values the stored page spans.
    parts: u16,
    changed: bool,
}

impl Pages {
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// Stages the pages that were changed.
    pub(super) fn stage_into<K: OrderedKv>(&mut self, stage: &mut Stage<K>) {
        for ((batch, number), open) in &mut self.open {
            if open.changed {
                let key = key::page(*batch, *number);
                open.page.gather();
                let record = OpenFrame::written(|bytes| open.page.write(bytes));
                open.parts = stage.put_open(&key, record, open.parts);
                open.changed = false;
            }
        }
    }

    /// A page that is open.
    pub(super) fn open_mut(&mut self, batch: BatchId, number: u32) -> Option<&mut OpenPage> {
        self.open.get_mut(&(batch, number))
    }

    fn record(&self, batch: BatchId, ordinal: Ordinal) -> Option<&RunRecord> {
        let open = self.open.get(&(batch, RunPage::of(ordinal)))?;
        open.page.record(ordinal)
    }
}

impl OpenPage {
    pub(super) fn has_record(&self, ordinal: Ordinal) -> bool {
        self.page.record(ordinal).is_some()
    }

    /// Writes the record of a run that has none.
    pub(super) fn put(&mut self, ordinal: Ordinal, record: RunRecord) {
        self.changed = true;
        self.page.put(ordinal, record);
    }
}

impl<K: OrderedKv> Machine<K> {
    /// Reads the page of a run's record into the group; a fresh one where none exists.
    ///
    /// To be called before anything is changed: it is the step that can fail.
    pub(super) fn open_page(&mut self, id: BatchId, ordinal: Ordinal) -> Result<(), StorageError> {
        let number = RunPage::of(ordinal);
        if self.pages.open.contains_key(&(id, number)) {
            return Ok(());
        }
        let exists = self.live.get(&id).is_none_or(|b| b.has_page(ordinal));
        let mut open = OpenPage::default();
        if exists {
            let what = || format!("page {number} of the run records of {id}");
            match self.stage.get(&key::page(id, number))? {
                Some(stored) => {
                    open.page = decode(&stored.payload, what)?;
                    open.parts = stored.parts;
                }
                None if self.live.contains_key(&id) => {
                    let text = format!("{} is missing", what());
                    return Err(StorageError::new(ErrorKind::Damaged, text));
                }
                // A finished batch says no more which pages it has; whoever misses a record says so.
                None => {}
            }
        }
        self.pages.open.insert((id, number), open);
        Ok(())
    }

    /// The record of a run on a page that is open.
    pub(super) fn opened(&self, id: BatchId, ordinal: Ordinal) -> Option<&RunRecord> {
        self.pages.record(id, ordinal)
    }

    /// The record of a run, to be changed. Its page must be open.
    pub(super) fn change_record(&mut self, id: BatchId, ordinal: Ordinal) -> &mut RunRecord {
        let number = RunPage::of(ordinal);
        if let Some(batch) = self.change(id) {
            batch.record.pages.insert(Ordinal::new(number));
        }
        let open = self.pages.open.entry((id, number)).or_default();
        open.changed = true;
        open.page.record_mut(ordinal)
    }
}
