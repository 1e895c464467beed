use std::num::NonZeroUsize;

use super::batch_check::{Body, check_batch};
use super::body_walk::BodyWalk;
use super::notes::Notes;
use super::progress::Progress;
use super::records::Records;
use crate::id::BatchId;
use crate::kv::key::{self, Place};
use crate::kv::{KeyRange, OrderedKv};
use crate::storage::StorageError;

/// Every batch with all that stands under its id: in one step what changes while it lives, in
/// further steps its inputs and outputs, which do not.
#[derive(Debug)]
pub(super) struct Batches {
    from: BatchId,
    /// Later ones were stored after the check had begun.
    last: Option<BatchId>,
    body: Option<BodyWalk>,
}

impl Batches {
    pub(super) fn begin<K: OrderedKv>(records: &Records<'_, K>) -> Result<Self, StorageError> {
        let first = BatchId::from_uuid(uuid::Uuid::nil());
        let mut last = None;
        for range in key::by_batch_from(first) {
            let found = records.last_key(&range)?;
            last = last.max(found.as_deref().and_then(batch_of));
        }
        Ok(Self {
            from: first,
            last,
            body: None,
        })
    }

    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        if let Some(body) = &mut self.body {
            if body.step(records, notes)? == Progress::Done {
                self.body = None;
            }
            return Ok(Progress::More);
        }
        let Some(id) = self.next(records)? else {
            return Ok(Progress::Done);
        };
        let body: Option<Body> = check_batch(records, notes, id)?;
        self.body = body.map(BodyWalk::new);
        Ok(match id.as_uuid().as_u128().checked_add(1) {
            Some(next) if Some(id) < self.last => {
                self.from = BatchId::from_uuid(uuid::Uuid::from_u128(next));
                Progress::More
            }
            _ => {
                self.last = None;
                match self.body {
                    Some(_) => Progress::More,
                    None => Progress::Done,
                }
            }
        })
    }

    /// The next batch of which anything is there.
    fn next<K: OrderedKv>(
        &self,
        records: &Records<'_, K>,
    ) -> Result<Option<BatchId>, StorageError> {
        let Some(last) = self.last else {
            return Ok(None);
        };
        let mut next: Option<BatchId> = None;
        for range in key::by_batch_from(self.from) {
            if let Some(found) = first_batch(records, &range)? {
                next = Some(next.map_or(found, |next| next.min(found)));
            }
        }
        Ok(next.filter(|next| *next <= last))
    }
}

/// The batch of the first key in a range that names one.
fn first_batch<K: OrderedKv>(
    records: &Records<'_, K>,
    range: &KeyRange,
) -> Result<Option<BatchId>, StorageError> {
    let mut rest = Some(range.clone());
    let mut limit = NonZeroUsize::MIN;
    while let Some(range) = rest.take() {
        let page = records.keys(&range, limit)?;
        if let Some(found) = page.keys.iter().find_map(|key| batch_of(key)) {
            return Ok(Some(found));
        }
        // Only keys of no known shape come here.
        limit = super::records::VALUES_A_SCAN;
        rest = page.next.map(|next| range.starting_at(next));
    }
    Ok(None)
}

fn batch_of(key: &[u8]) -> Option<BatchId> {
    Place::of(key)?.batch()
}
