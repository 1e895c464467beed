use super::audit::Progress;
use super::notes::Notes;
use super::records::{Found, Records, VALUES_A_SCAN, after};
use super::{About, FindingKind};
use crate::id::{BatchId, SubmissionId};
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{BatchHeader, SubmissionRecord};
use crate::kv::{KeyRange, OrderedKv};
use crate::storage::StorageError;

/// Every submission with the list of its batches, one a step.
#[derive(Debug, Default)]
pub(super) struct Submissions {
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

impl Submissions {
    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        let record = next(records, key::submissions(), self.record_from.as_ref())?;
        let part = next(
            records,
            key::all_submission_parts(),
            self.part_from.as_ref(),
        )?;
        let Some(id) = [record, part].into_iter().flatten().min() else {
            return Ok(Progress::Done);
        };
        check(records, notes, id)?;
        self.record_from = Some(after(&key::submission(id)));
        self.part_from = key::submission_parts(id).end;
        Ok(match self.part_from {
            Some(_) => Progress::More,
            None => Progress::Done,
        })
    }
}

/// The submission of the first key that names one.
fn next<K: OrderedKv>(
    records: &Records<'_, K>,
    range: KeyRange,
    from: Option<&Key>,
) -> Result<Option<SubmissionId>, StorageError> {
    let mut rest = Some(range.from_or_start(from));
    while let Some(range) = rest.take() {
        let page = records.keys(&range, VALUES_A_SCAN)?;
        let found = page.keys.iter().find_map(|key| match Place::of(key)? {
            Place::Submission(id) | Place::SubmissionPart(id, _) => Some(id),
            _ => None,
        });
        if found.is_some() {
            return Ok(found);
        }
        rest = page.next.map(|next| range.starting_at(next));
    }
    Ok(None)
}

fn check<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    id: SubmissionId,
) -> Result<(), StorageError> {
    let sum = add_up(records, notes, id)?;
    let record = match records.get::<SubmissionRecord>(&key::submission(id))? {
        Found::Whole(record) => record,
        Found::Absent => {
            let text = format!("its record is missing, and it has {} batches", sum.parts);
            notes.find(About::Submission(id), FindingKind::SubmissionMissing, text);
            return Ok(());
        }
        Found::Unreadable => return Ok(()),
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
            "of {batches} batches {pruned} were pruned, and {} are there",
            sum.parts
        )
    } else if sum.parts > 0 && sum.last_part >= batches {
        format!(
            "it has {batches} batches, and one that is part {}",
            sum.last_part
        )
    } else if sum.all_read && (sum.inputs > inputs || (pruned == 0 && sum.inputs != inputs)) {
        format!(
            "it counts {inputs} inputs, and its batches have {}",
            sum.inputs
        )
    } else if record.is_gone() {
        "all of its batches were pruned, and its record is still there".into()
    } else {
        return Ok(());
    };
    notes.find(About::Submission(id), FindingKind::SubmissionWrong, text);
    Ok(())
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
