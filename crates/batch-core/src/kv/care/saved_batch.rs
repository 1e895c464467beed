use std::collections::BTreeSet;

use super::place_words::words;
use super::records::{Found, Records};
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{BatchHeader, LiveRecord, OutputPlace, RunPage, Tidy};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::storage::StorageError;

/// A batch that can be saved, and the records that make it up.
#[derive(Debug)]
pub(super) struct SavedBatch {
    pub header: BatchHeader,
    pub keys: Vec<Key>,
}

/// Whether what is there of a batch is only what is being stored or deleted.
pub(super) fn is_leftover<K: OrderedKv>(
    records: &Records<'_, K>,
    id: BatchId,
) -> Result<bool, StorageError> {
    let header = records.bytes(&key::header(id))?;
    let live = records.bytes(&key::live(id))?;
    let noted = match records.get::<Tidy>(&key::tidy(id))? {
        Found::Whole(Tidy::Staged | Tidy::Pruned) | Found::Unreadable => true,
        Found::Whole(Tidy::Secrets) | Found::Absent => false,
    };
    Ok(noted && header.is_absent() && live.is_absent())
}

/// Reads all records of a batch; says which of them cannot be read, if one cannot.
///
/// What belongs to no run, and the secrets and steps of runs that have ended, are left out.
pub(super) fn read_batch<K: OrderedKv>(
    records: &Records<'_, K>,
    id: BatchId,
) -> Result<Result<SavedBatch, String>, StorageError> {
    let Some(header) = records.get::<BatchHeader>(&key::header(id))?.whole() else {
        return Ok(Err("its header cannot be read".into()));
    };
    let mut keys = vec![key::header(id)];
    let mut waits = OrdinalSet::new();
    if header.end.is_none() {
        let Some(live) = records.get::<LiveRecord>(&key::live(id))?.whole() else {
            return Ok(Err("its live record cannot be read".into()));
        };
        waits = waiting(&live);
        keys.push(key::live(id));
    }
    let mut apart = BTreeSet::new();
    for range in key::belongings(id) {
        for key in records.all_keys(range)? {
            let Some(place) = Place::of(&key) else {
                continue;
            };
            let needed = match place {
                Place::Output(_, ordinal) => apart.contains(&ordinal),
                Place::Secrets(_, ordinal) | Place::Steps(_, ordinal) => waits.contains(ordinal),
                _ => true,
            };
            if !needed {
                continue;
            }
            let Found::Whole(_) = records.bytes(&key)? else {
                return Ok(Err(format!("{} cannot be read", words(&place))));
            };
            if let Place::Page(..) = place {
                let Some(page) = records.get::<RunPage>(&key)?.whole() else {
                    return Ok(Err(format!("{} cannot be read", words(&place))));
                };
                apart.extend(with_output_apart(&page));
            }
            keys.push(key);
        }
    }
    Ok(Ok(SavedBatch { header, keys }))
}

/// The runs that may still execute, and so need their secrets.
fn waiting(live: &LiveRecord) -> OrdinalSet {
    let mut waits = live.fresh.clone();
    for set in [&live.ready, &live.suspect, &live.delayed, &live.held] {
        waits.union_with(set);
    }
    waits
}

fn with_output_apart(page: &RunPage) -> Vec<Ordinal> {
    let apart = page
        .records()
        .filter(|(_, record)| record.output == Some(OutputPlace::Apart));
    apart.map(|(ordinal, _)| ordinal).collect()
}
