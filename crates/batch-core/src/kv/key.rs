//! Where each record stands: one prefix a kind, all in one map.
//!
//! A group of things (a chunk of inputs, the entries of a commit) is keyed by the
//! *last* thing in it, so that one forward scan from any member finds it.

mod place;

pub(super) use place::Place;

use jiff::Timestamp;

use super::KeyRange;
use crate::id::{BatchId, IdempotencyKey, SinkName, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::ordinal::Ordinal;
use crate::storage::{ErrorKind, StorageError};

/// Which record a key belongs to. Two bytes follow it: the number of the part.
pub(super) type Key = Vec<u8>;

const HEADER: u8 = b'b';
const LIVE: u8 = b'c';
const FINISHED: u8 = b'f';
const DELETED: u8 = b'd';
const EXPIRING_KEY: u8 = b'g';
const INPUTS: u8 = b'i';
const JOURNAL: u8 = b'j';
const BUCKET: u8 = b'k';
const HEAD: u8 = b'm';
const OUTPUT: u8 = b'p';
const IDEMPOTENCY: u8 = b'q';
const PAGE: u8 = b'r';
const SINK: u8 = b's';
const TIDY: u8 = b't';
const SUBMISSION: u8 = b'u';
const SUBMISSION_PART: u8 = b'v';
const WORKFLOW: u8 = b'w';
const SECRETS: u8 = b'x';
const STEPS: u8 = b'y';
const UNFINISHED: u8 = b'z';

fn of_batch(prefix: u8, batch: BatchId) -> Key {
    let mut key = Vec::with_capacity(24);
    key.push(prefix);
    key.extend_from_slice(batch.as_uuid().as_bytes());
    key
}

fn of_place(prefix: u8, batch: BatchId, number: u32) -> Key {
    let mut key = of_batch(prefix, batch);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

fn of_text(prefix: u8, text: &str) -> Key {
    let mut key = Vec::with_capacity(text.len() + 8);
    key.push(prefix);
    key.extend_from_slice(text.as_bytes());
    // No name holds a control character, so this ends it unmistakably.
    key.push(0);
    key
}

/// The key of one of the values that a record spans.
pub(super) fn part(key: &[u8], number: u16) -> Key {
    let mut whole = Vec::with_capacity(key.len() + PART_BYTES);
    whole.extend_from_slice(key);
    whole.extend_from_slice(&number.to_be_bytes());
    whole
}

/// Bytes that tell which of its values it is, at the end of the key of a value.
const PART_BYTES: usize = 2;

/// Bytes before the rest of a key that begins with a time: its prefix and that time.
pub(super) const TIME_BYTES: usize = 1 + 8;

/// The batch that a key names right after its prefix.
pub(super) fn batch_in(key: &[u8]) -> Result<BatchId, StorageError> {
    batch_at(key, 1)
}

/// The batch that a key of the index of finished batches names.
pub(super) fn finished_batch_in(key: &[u8]) -> Result<BatchId, StorageError> {
    batch_at(key, TIME_BYTES)
}

fn batch_at(key: &[u8], at: usize) -> Result<BatchId, StorageError> {
    let damaged = || {
        let key = String::from_utf8_lossy(key);
        StorageError::new(
            ErrorKind::Damaged,
            format!("the key {key:?} names no batch"),
        )
    };
    key.get(at..at + 16)
        .and_then(|bytes| uuid::Uuid::from_slice(bytes).ok())
        .map(BatchId::from_uuid)
        .ok_or_else(damaged)
}

/// Milliseconds since 1970, shifted so that earlier times have smaller keys.
fn ordered_millis(at: Timestamp) -> [u8; 8] {
    at.as_millisecond()
        .wrapping_sub(i64::MIN)
        .cast_unsigned()
        .to_be_bytes()
}

pub(super) fn head() -> Key {
    vec![HEAD]
}

pub(super) fn header(batch: BatchId) -> Key {
    of_batch(HEADER, batch)
}

pub(super) fn headers() -> KeyRange {
    KeyRange::prefix(&[HEADER])
}

/// The header of a batch that was deleted, for as long as a sink may have to tell of it.
pub(super) fn deleted(batch: BatchId) -> Key {
    of_batch(DELETED, batch)
}

/// The headers of all batches that were deleted and are still told of.
pub(super) fn all_deleted() -> KeyRange {
    KeyRange::prefix(&[DELETED])
}

pub(super) fn live(batch: BatchId) -> Key {
    of_batch(LIVE, batch)
}

pub(super) fn lives() -> KeyRange {
    KeyRange::prefix(&[LIVE])
}

/// The chunk of inputs that ends with this ordinal.
pub(super) fn inputs(batch: BatchId, last: Ordinal) -> Key {
    of_place(INPUTS, batch, last.get())
}

/// The chunks that hold this ordinal or later ones.
pub(super) fn inputs_from(batch: BatchId, ordinal: Ordinal) -> KeyRange {
    KeyRange::prefix(&of_batch(INPUTS, batch)).starting_at(inputs(batch, ordinal))
}

pub(super) fn secrets(batch: BatchId, ordinal: Ordinal) -> Key {
    of_place(SECRETS, batch, ordinal.get())
}

pub(super) fn all_secrets(batch: BatchId) -> KeyRange {
    KeyRange::prefix(&of_batch(SECRETS, batch))
}

/// What a run has recorded of its steps.
pub(super) fn steps(batch: BatchId, ordinal: Ordinal) -> Key {
    of_place(STEPS, batch, ordinal.get())
}

pub(super) fn all_steps(batch: BatchId) -> KeyRange {
    KeyRange::prefix(&of_batch(STEPS, batch))
}

/// Everything of a batch that is deleted in steps once its header is gone.
pub(super) fn belongings(batch: BatchId) -> [KeyRange; 5] {
    [INPUTS, SECRETS, STEPS, PAGE, OUTPUT].map(|prefix| KeyRange::prefix(&of_batch(prefix, batch)))
}

pub(super) fn page(batch: BatchId, page: u32) -> Key {
    of_place(PAGE, batch, page)
}

pub(super) fn output(batch: BatchId, ordinal: Ordinal) -> Key {
    of_place(OUTPUT, batch, ordinal.get())
}

/// The key of one part of a submission under an idempotency key.
pub(super) fn idempotency(key: &IdempotencyKey, part: u32) -> Key {
    let mut whole = of_text(IDEMPOTENCY, key.as_str());
    whole.extend_from_slice(&part.to_be_bytes());
    whole
}

pub(super) fn finished(at: Timestamp, batch: BatchId) -> Key {
    let mut key = vec![FINISHED];
    key.extend_from_slice(&ordered_millis(at));
    key.extend_from_slice(batch.as_uuid().as_bytes());
    key
}

/// The batches that finished before a moment.
pub(super) fn finished_before(at: Timestamp) -> KeyRange {
    let mut end = vec![FINISHED];
    end.extend_from_slice(&ordered_millis(at));
    KeyRange::prefix(&[FINISHED]).ending_before(end)
}

/// An idempotency key whose batch is gone and which is itself forgotten at this time.
pub(super) fn expiring_key(at: Timestamp, idempotency: &[u8]) -> Key {
    let mut key = vec![EXPIRING_KEY];
    key.extend_from_slice(&ordered_millis(at));
    key.extend_from_slice(idempotency);
    key
}

/// The idempotency keys that are forgotten before a moment.
pub(super) fn expiring_keys_before(at: Timestamp) -> KeyRange {
    let mut end = vec![EXPIRING_KEY];
    end.extend_from_slice(&ordered_millis(at));
    KeyRange::prefix(&[EXPIRING_KEY]).ending_before(end)
}

/// The entries of a commit, by the last of them.
pub(super) fn journal(last: Sequence) -> Key {
    let mut key = vec![JOURNAL];
    key.extend_from_slice(&last.get().to_be_bytes());
    key
}

/// The commits that hold this entry or later ones.
pub(super) fn journal_from(first: Sequence) -> KeyRange {
    KeyRange::prefix(&[JOURNAL]).starting_at(journal(first))
}

pub(super) fn sink(sink: &SinkName) -> Key {
    of_text(SINK, sink.as_str())
}

pub(super) fn sinks() -> KeyRange {
    KeyRange::prefix(&[SINK])
}

pub(super) fn tidy(batch: BatchId) -> Key {
    of_batch(TIDY, batch)
}

pub(super) fn tidies() -> KeyRange {
    KeyRange::prefix(&[TIDY])
}

pub(super) fn submission(submission: SubmissionId) -> Key {
    of_batch(SUBMISSION, submission.first_batch())
}

pub(super) fn submission_part(submission: SubmissionId, part: u32) -> Key {
    of_place(SUBMISSION_PART, submission.first_batch(), part)
}

pub(super) fn submission_parts(submission: SubmissionId) -> KeyRange {
    KeyRange::prefix(&of_batch(SUBMISSION_PART, submission.first_batch()))
}

/// All parts of all submissions.
pub(super) fn all_submission_parts() -> KeyRange {
    KeyRange::prefix(&[SUBMISSION_PART])
}

pub(super) fn submissions() -> KeyRange {
    KeyRange::prefix(&[SUBMISSION])
}

pub(super) fn all_finished() -> KeyRange {
    KeyRange::prefix(&[FINISHED])
}

pub(super) fn idempotencies() -> KeyRange {
    KeyRange::prefix(&[IDEMPOTENCY])
}

pub(super) fn expiring_keys() -> KeyRange {
    KeyRange::prefix(&[EXPIRING_KEY])
}

pub(super) fn pages(batch: BatchId) -> KeyRange {
    KeyRange::prefix(&of_batch(PAGE, batch))
}

pub(super) fn outputs(batch: BatchId) -> KeyRange {
    KeyRange::prefix(&of_batch(OUTPUT, batch))
}

/// What stands under the id of a batch, one range a kind, from this batch on.
pub(super) fn by_batch_from(batch: BatchId) -> [KeyRange; 8] {
    [HEADER, LIVE, INPUTS, OUTPUT, PAGE, TIDY, SECRETS, STEPS]
        .map(|prefix| KeyRange::prefix(&[prefix]).starting_at(of_batch(prefix, batch)))
}

/// Says that what stands in the map is the beginning of a copy.
pub(super) fn unfinished() -> Key {
    vec![UNFINISHED]
}

pub(super) fn workflow(workflow: &WorkflowId) -> Key {
    of_text(WORKFLOW, workflow.as_str())
}

/// What is left of a workflow's rate.
pub(super) fn bucket(workflow: &WorkflowId) -> Key {
    of_text(BUCKET, workflow.as_str())
}

pub(super) fn workflows() -> KeyRange {
    KeyRange::prefix(&[WORKFLOW])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_order_before_later_ones() {
        let early = Timestamp::from_millisecond(-1).unwrap();
        let late = Timestamp::from_millisecond(1).unwrap();
        assert!(ordered_millis(early) < ordered_millis(late));
    }

    #[test]
    fn the_batch_of_a_key_is_read_back_and_a_short_key_is_damage() {
        let batch = BatchId::generate();
        let at = Timestamp::from_millisecond(7).unwrap();
        assert_eq!(batch_in(&header(batch)).unwrap(), batch);
        assert_eq!(finished_batch_in(&finished(at, batch)).unwrap(), batch);
        let short = batch_in(&header(batch)[..16]).unwrap_err();
        assert_eq!(short.kind(), ErrorKind::Damaged);
    }

    #[test]
    fn a_key_is_no_prefix_of_a_longer_one() {
        let short = IdempotencyKey::new("a").unwrap();
        let long = IdempotencyKey::new("ab").unwrap();
        assert!(!idempotency(&long, 0).starts_with(&idempotency(&short, 0)[..3]));
    }
}
