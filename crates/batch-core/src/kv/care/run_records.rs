use std::collections::BTreeMap;

use super::FindingKind;
use super::notes::Notes;
use super::records::{Found, Records};
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key::{self, Place};
use crate::kv::record::{RunPage, RunRecord};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::storage::StorageError;

/// The run records of a batch, as its pages have them.
#[derive(Debug, Default)]
pub(super) struct RunRecords {
    pub records: BTreeMap<Ordinal, RunRecord>,
    /// The pages that are there.
    pub pages: OrdinalSet,
    /// Runs on pages that cannot be read: nothing is said about them.
    pub unknown: OrdinalSet,
}

impl RunRecords {
    /// Reads those of a batch of `total` runs; notes the ones that stand where they cannot be.
    pub(super) fn read<K: OrderedKv>(
        records: &Records<'_, K>,
        notes: &mut Notes,
        batch: BatchId,
        total: u32,
    ) -> Result<Self, StorageError> {
        let mut read = Self::default();
        for key in records.all_keys(key::pages(batch))? {
            let Some(Place::Page(_, number)) = Place::of(&key) else {
                continue;
            };
            read.pages.insert(Ordinal::new(number));
            let Found::Whole(page) = records.get::<RunPage>(&key)? else {
                let runs = RunPage::ordinals(number).map(Ordinal::new);
                read.unknown.union_with(&runs.collect());
                continue;
            };
            for (ordinal, record) in page.records() {
                if RunPage::of(ordinal) != number || ordinal.get() >= total {
                    let text = format!("it has a record on page {number}, where it cannot be");
                    notes.find_run(batch, ordinal, FindingKind::RecordAstray, text);
                    continue;
                }
                read.records.insert(ordinal, record.clone());
            }
        }
        Ok(read)
    }
}
