use std::collections::BTreeMap;

use super::Machine;
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{OpenFrame, RunPage, RunRecord, decode};
use crate::kv::stage::Stage;
use crate::ordinal::Ordinal;
use crate::storage::{ErrorKind, StorageError};

/// The pages of run records that the open group has read, those it has changed, and some that
/// were changed before.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Pages {
    open: BTreeMap<(BatchId, u32), OpenPage>,
    /// As they are stored: pages of live batches that earlier groups have changed, and that have
    /// room for more runs.
    kept: BTreeMap<(BatchId, u32), OpenPage>,
    /// About how many bytes those take.
    kept_bytes: usize,
}

/// The most bytes of pages that are kept for groups to come.
const KEPT_BYTES: usize = 2 << 20;

#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct OpenPage {
    page: RunPage,
    /// How many values the stored page spans.
    parts: u16,
    changed: bool,
    /// About how many bytes it takes in memory; nothing for a page that no group has changed.
    bytes: usize,
}

impl Pages {
    /// Forgets all pages.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.kept.clear();
        self.kept_bytes = 0;
    }

    /// Ends a group that is durable: what the next ones may ask for of live batches is kept.
    pub(super) fn end_group(&mut self, lives: impl Fn(BatchId) -> bool) {
        for (place, page) in std::mem::take(&mut self.open) {
            if page.bytes == 0 || page.page.is_complete() || !lives(place.0) {
                continue;
            }
            if self.kept_bytes + page.bytes > KEPT_BYTES {
                self.kept.clear();
                self.kept_bytes = 0;
            }
            self.kept_bytes += page.bytes;
            self.kept.insert(place, page);
        }
    }

    /// Forgets the pages of a batch that nobody changes any more, but for those that are open.
    pub(super) fn forget(&mut self, batch: BatchId) {
        let of_batch = self.kept.range((batch, 0)..=(batch, u32::MAX));
        let places: Vec<_> = of_batch.map(|(place, _)| *place).collect();
        for place in places {
            self.take_kept(place);
        }
    }

    fn take_kept(&mut self, place: (BatchId, u32)) -> Option<OpenPage> {
        let page = self.kept.remove(&place)?;
        self.kept_bytes -= page.bytes;
        Some(page)
    }

    /// Stages the pages that were changed.
    pub(super) fn stage_into<K: OrderedKv>(&mut self, stage: &mut Stage<K>) {
        for ((batch, number), open) in &mut self.open {
            if open.changed {
                let key = key::page(*batch, *number);
                open.page.gather();
                let record = OpenFrame::written(|bytes| open.page.write(bytes));
                let bytes = record.payload().len();
                open.parts = stage.put_open(&key, record, open.parts);
                open.changed = false;
                open.bytes = bytes + open.page.bytes();
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
        if let Some(page) = self.pages.take_kept((id, number)) {
            self.pages.open.insert((id, number), page);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunState;

    fn page(ended: std::ops::Range<u32>) -> OpenPage {
        let mut page = OpenPage::default();
        for n in ended {
            let record = RunRecord {
                end: Some(RunState::Processed),
                ..RunRecord::default()
            };
            page.put(Ordinal::new(n), record);
        }
        page.bytes = 400_000;
        page
    }

    fn kept(pages: impl IntoIterator<Item = ((BatchId, u32), OpenPage)>) -> Pages {
        let mut all = Pages::default();
        for (place, page) in pages {
            all.open.insert(place, page);
            all.end_group(|_| true);
        }
        all
    }

    #[test]
    fn a_page_is_kept_while_its_batch_lives_and_runs_may_come_to_it() {
        let id = BatchId::generate();
        let mut pages = kept([((id, 0), page(0..16)), ((id, 1), page(16..31))]);
        assert_eq!(pages.kept.keys().collect::<Vec<_>>(), [&(id, 1)]);
        pages.forget(id);
        assert_eq!((pages.kept.len(), pages.kept_bytes), (0, 0));
        pages.open.insert((id, 1), page(16..17));
        pages.end_group(|_| false);
        assert!(pages.kept.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let id = BatchId::generate();
        for count in 1..20 {
            let pages = kept((0..count).map(|n| ((id, n), page(16 * n..16 * n + 1))));
            let bytes: usize = pages.kept.values().map(|page| page.bytes).sum();
            assert_eq!(pages.kept_bytes, bytes);
            assert!(bytes > 0 && bytes <= KEPT_BYTES, "{count}: {bytes}");
        }
    }
}
