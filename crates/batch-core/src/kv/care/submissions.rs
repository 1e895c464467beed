use std::num::NonZeroUsize;

use super::notes::Notes;
use super::progress::Progress;
use super::records::{Found, Records, VALUES_A_SCAN, after};
use super::{About, FindingKind};
use crate::id::{BatchId, SubmissionId};
use crate::kv::counted::counted;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{BatchHeader, SubmissionRecord};
use crate::kv::{KeyRange, OrderedKv};
use crate::storage::StorageError;

/// Every submission with the list of its batches, some a step.
#[derive(Debug)]
pub(super) struct Submissions {
    /// Later ones were begun after the check had begun.
    last: Option<SubmissionId>,
    record_from: Option<Key>,
    part_from: Option<Key>,
}

/// What the batches of a submission add up to.
#[derive(Debug, Default)]
struct Sum {
    parts: u32,
    last_part: u32,
    inputs: u64,
    /// Whether all of its headers could be read.
    all_read: bool,
}

/// How many submissions, or batches of them, one step looks at, about.
const BATCHES_A_STEP: u32 = 32;

impl Submissions {
    pub(super) fn begin<K: OrderedKv>(records: &Records<'_, K>) -> Result<Self, StorageError> {
        let mut last = None;
        for range in [key::submissions(), key::all_submission_parts()] {
            let found = records.last_key(&range)?;
            last = last.max(found.as_deref().and_then(submission_of));
        }
        Ok(Self {
            last,
            record_from: None,
            part_from: None,
        })
    }

    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        let mut looked_at = 0;
        while looked_at < BATCHES_A_STEP {
            let record = next(records, key::submissions(), self.record_from.as_ref())?;
            let parts = key::all_submission_parts();
            let part = next(records, parts, self.part_from.as_ref())?;
            let first = [record, part].into_iter().flatten().min();
            let Some(id) = first.filter(|id| Some(*id) <= self.last) else {
                return Ok(Progress::Done);
            };
            looked_at += check(records, notes, id)?.max(1);
            self.record_from = Some(after(&key::submission(id)));
            self.part_from = key::submission_parts(id).end;
        }
        Ok(Progress::More)
    }
}

fn submission_of(key: &[u8]) -> Option<SubmissionId> {
    match Place::of(key)? {
        Place::Submission(id) | Place::SubmissionPart(id, _) => Some(id),
        _ => None,
    }
}

/// The submission of the first key that names one.
fn next<K: OrderedKv>(
    records: &Records<'_, K>,
    range: KeyRange,
    from: Option<&Key>,
) -> Result<Option<SubmissionId>, StorageError> {
    let mut rest = Some(range.resumed(from));
    let mut limit = NonZeroUsize::MIN;
    while let Some(range) = rest.take() {
        let page = records.keys(&range, limit)?;
        let found = page.keys.iter().find_map(|key| submission_of(key));
        if found.is_some() {
            return Ok(found);
        }
        // Only keys of no known shape come here.
        limit = VALUES_A_SCAN;
        rest = page.next.map(|next| range.starting_at(next));
    }
    Ok(None)
}

/// Checks one submission; gives how many batches of it are there.
fn check<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    id: SubmissionId,
) -> Result<u32, StorageError> {
    let sum = add_up(records, notes, id)?;
    let record = match records.get::<SubmissionRecord>(&key::submission(id))? {
        Found::Whole(record) => record,
        Found::Absent => {
            let batches = counted(sum.parts, "batch", "batches");
            let text = format!("its record is missing, and it has {batches}");
            notes.find(About::Submission(id), FindingKind::SubmissionMissing, text);
            return Ok(sum.parts);
        }
        Found::Unreadable => return Ok(sum.parts),
    };
    let SubmissionRecord {
        batches,
        pruned,
        inputs,
        ..
    } = record;
    let left = batches.saturating_sub(pruned);
    let text = if sum.parts != left {
        format!(
            "of {} {pruned} were pruned, and {} are there",
            counted(batches, "batch", "batches"),
            sum.parts
        )
    } else if sum.parts > 0 && sum.last_part >= batches {
        format!(
            "it has {}, and one that is part {}",
            counted(batches, "batch", "batches"),
            sum.last_part
        )
    } else if sum.all_read && (sum.inputs > inputs || (pruned == 0 && sum.inputs != inputs)) {
        format!(
            "it counts {}, and its batches have {}",
            counted(inputs, "input", "inputs"),
            sum.inputs
        )
    } else if record.is_gone() {
        "all of its batches were pruned, and its record is still there".into()
    } else {
        return Ok(sum.parts);
    };
    notes.find(About::Submission(id), FindingKind::SubmissionWrong, text);
    Ok(sum.parts)
}

/// Looks up every batch that is listed under a submission.
fn add_up<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    id: SubmissionId,
) -> Result<Sum, StorageError> {
    let mut sum = Sum {
        all_read: true,
        ..Sum::default()
    };
    for key in records.all_keys(key::submission_parts(id))? {
        let Some(Place::SubmissionPart(_, part)) = Place::of(&key) else {
            continue;
        };
        sum.parts += 1;
        sum.last_part = sum.last_part.max(part);
        let batch = match records.bytes(&key)?.whole() {
            Some(bytes) => uuid::Uuid::from_slice(&bytes).ok().map(BatchId::from_uuid),
            None => None,
        };
        let Some(batch) = batch else {
            sum.all_read = false;
            continue;
        };
        let header = match records.get::<BatchHeader>(&key::header(batch))? {
            Found::Unreadable => {
                sum.all_read = false;
                continue;
            }
            found => found.whole(),
        };
        match header.filter(|header| header.submission == id && header.part == part) {
            Some(header) => sum.inputs += u64::from(header.total),
            None => {
                sum.all_read = false;
                notes.seen.insert(batch);
                let text = format!("it is listed as part {part} of {id}, and is no such batch");
                notes.find_batch(batch, FindingKind::HeaderMissing, text);
            }
        }
    }
    Ok(sum)
}
