use super::notes::{Notes, Summary};
use super::records::{Found, Records};
use super::runs_check::RunsCheck;
use super::{About, FindingKind};
use crate::catalogue::{Version, Workflow};
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{
    BatchHeader, Head, IdempotencyRecord, LiveRecord, SubmissionRecord, Tidy, timestamp,
};
use crate::ordinal::OrdinalSet;
use crate::storage::StorageError;

/// What is left to check of a batch: what never changes once it is there.
#[derive(Debug)]
pub(super) struct Body {
    pub id: BatchId,
    pub total: u32,
    /// The runs whose outputs stand under keys of their own.
    pub apart: OrdinalSet,
}

/// Checks all of a batch that changes while it lives, as of one commit.
pub(super) fn check_batch<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    id: BatchId,
) -> Result<Option<Body>, StorageError> {
    let tidy = records.get::<Tidy>(&key::tidy(id))?;
    let header = match records.get::<BatchHeader>(&key::header(id))? {
        Found::Whole(header) => header,
        Found::Unreadable => {
            notes.seen.insert(id);
            return Ok(None);
        }
        Found::Absent => {
            check_leftovers(records, notes, id, &tidy)?;
            return Ok(None);
        }
    };
    notes.seen.insert(id);
    notes.looked_at.batches += 1;
    notes.looked_at.runs += u64::from(header.total);
    check_tidy(notes, id, &header, &tidy);
    check_references(records, notes, id, &header)?;
    let live = records.get::<LiveRecord>(&key::live(id))?;
    check_life(notes, id, &header, &live);
    let head = records.get::<Head>(&key::head())?.whole();
    let checked = RunsCheck::new(id, &header, live.whole()).run(records, notes, &tidy)?;
    if let Some(runs) = checked.runs {
        let summary = Summary {
            as_of: head.map_or(notes.begun_at, |head| head.sequence),
            ended: runs.ended,
            sweeps: runs.sweeps,
            finished: header.end.as_ref().map(|end| end.sequence),
        };
        notes.batches.insert(id, summary);
    }
    Ok(Some(Body {
        id,
        total: header.total,
        apart: checked.apart,
    }))
}

/// Without a header, only what is being stored or deleted may be there.
fn check_leftovers<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    id: BatchId,
    tidy: &Found<Tidy>,
) -> Result<(), StorageError> {
    let lives = !records.bytes(&key::live(id))?.is_absent();
    match tidy {
        Found::Whole(Tidy::Staged | Tidy::Pruned) if !lives => {}
        Found::Unreadable if !lives => {}
        _ => {
            notes.seen.insert(id);
            let text = "its header is missing, and other parts of it are there";
            notes.find_batch(id, FindingKind::HeaderMissing, text);
        }
    }
    Ok(())
}

fn check_tidy(notes: &mut Notes, id: BatchId, header: &BatchHeader, tidy: &Found<Tidy>) {
    let why = match tidy {
        Found::Whole(Tidy::Staged) => "it is noted as being stored",
        Found::Whole(Tidy::Pruned) => "it is noted as pruned",
        Found::Whole(Tidy::Secrets) if header.end.is_none() => {
            "its secrets and steps are noted as to be deleted, and it has not ended"
        }
        _ => return,
    };
    let text = format!("{why}, and its header is there");
    notes.find_batch(id, FindingKind::TidyAstray, text);
}

/// A batch has a live record for as long as it has not ended.
fn check_life(notes: &mut Notes, id: BatchId, header: &BatchHeader, live: &Found<LiveRecord>) {
    match (&header.end, live) {
        (None, Found::Absent) => {
            let text = "its live record is missing: nothing says where its runs stand";
            notes.find_batch(id, FindingKind::LiveMissing, text);
        }
        (Some(_), Found::Whole(_) | Found::Unreadable) => {
            let text = "it has ended and still has a live record";
            notes.find_batch(id, FindingKind::LiveAstray, text);
        }
        _ => {}
    }
}

/// What leads to a batch from elsewhere.
fn check_references<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    id: BatchId,
    header: &BatchHeader,
) -> Result<(), StorageError> {
    let submission = header.submission;
    let record = records.get::<SubmissionRecord>(&key::submission(submission))?;
    if record.is_absent() {
        let text = format!("the record of its submission {submission} is missing");
        notes.find_batch(id, FindingKind::SubmissionMissing, text);
    }
    let part = records.bytes(&key::submission_part(submission, header.part))?;
    let listed = match &part {
        Found::Whole(bytes) => bytes == id.as_uuid().as_bytes(),
        Found::Absent => false,
        Found::Unreadable => true,
    };
    if !listed {
        let text = format!("it is not listed as part {} of {submission}", header.part);
        notes.find_batch(id, FindingKind::SubmissionMissing, text);
    }
    if let Some(idempotent) = &header.idempotency_key {
        let key = key::idempotency(idempotent, header.part);
        let leads = match records.get::<IdempotencyRecord>(&key)? {
            Found::Whole(record) => record.batch == id,
            Found::Absent => false,
            Found::Unreadable => true,
        };
        if !leads {
            let text = format!(
                "its idempotency key {:?} does not lead to it",
                idempotent.as_str()
            );
            notes.find_batch(id, FindingKind::KeyMissing, text);
        }
    }
    if let Some(end) = &header.end {
        let key = key::finished(timestamp(end.at), id);
        if records.bytes(&key)?.is_absent() {
            let text = "it has finished and is not in the index of finished batches";
            notes.find_batch(id, FindingKind::IndexMissing, text);
        }
    }
    check_workflow(records, notes, header)
}

fn check_workflow<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    header: &BatchHeader,
) -> Result<(), StorageError> {
    let about = About::Workflow(header.workflow.clone());
    let text = match records.get::<Workflow>(&key::workflow(&header.workflow))? {
        Found::Unreadable => return Ok(()),
        Found::Absent => "there are batches of it, and it is not in the catalogue".into(),
        Found::Whole(workflow) => match header.version {
            Version::Draft if workflow.draft_saved_at.is_some() => return Ok(()),
            Version::Number(n) if workflow.deployments.iter().any(|d| d.number == n) => {
                return Ok(());
            }
            version => format!("there are batches of its version {version}, which it lacks"),
        },
    };
    notes.find(about, FindingKind::WorkflowMissing, text);
    Ok(())
}
