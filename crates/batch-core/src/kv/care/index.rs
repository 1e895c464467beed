use super::FindingKind;
use super::notes::Notes;
use super::progress::Progress;
use super::records::{Found, Records, VALUES_A_SCAN};
use crate::kv::OrderedKv;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{BatchHeader, timestamp};
use crate::storage::StorageError;

/// The index of finished batches, a page a step.
#[derive(Debug, Default)]
pub(super) struct Index {
    from: Option<Key>,
}

impl Index {
    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        let range = key::all_finished().resumed(self.from.as_ref());
        let page = records.keys(&range, VALUES_A_SCAN)?;
        for key in page.keys {
            let Some(Place::Finished(at, id)) = Place::of(&key) else {
                continue;
            };
            let mut header = records.get::<BatchHeader>(&key::header(id))?;
            if header.is_absent() {
                header = records.get::<BatchHeader>(&key::deleted(id))?;
            }
            let text = match header {
                Found::Unreadable => continue,
                Found::Absent => "it is in the index of finished batches, and has no header",
                Found::Whole(header) => match header.end {
                    Some(end) if timestamp(end.at) == at => continue,
                    _ => "the index of finished batches has it under another time than its end",
                },
            };
            notes.find_batch(id, FindingKind::IndexAstray, text);
        }
        self.from = page.next;
        Ok(match self.from {
            Some(_) => Progress::More,
            None => Progress::Done,
        })
    }
}
