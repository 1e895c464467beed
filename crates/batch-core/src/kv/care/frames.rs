use std::num::NonZeroUsize;

use super::deleting::is_being_deleted;
use super::notes::Notes;
use super::place_words::{about, words};
use super::progress::Progress;
use super::records::{Records, VALUES_A_SCAN, after};
use super::{About, FindingKind, Walk};
use crate::id::SinkName;
use crate::journal::Sequence;
use crate::kv::key::Place;
use crate::kv::record::{
    BatchHeader, BucketRecord, Head, IdempotencyRecord, JournalRecord, LiveRecord, RunPage,
    StoredChunk, SubmissionRecord, Tidy, decode, unframe,
};
use crate::kv::{KeyRange, KeyValue, OrderedKv};
use crate::request::Secrets;
use crate::run::Steps;
use crate::storage::{ErrorKind, StorageError};

/// Every value of the map: its key, its frame, and that it can be read as what its key says.
#[derive(Debug)]
pub(super) struct Frames {
    walk: Walk,
}

/// Records have at most 65,535 values.
const WHOLE_RECORD: NonZeroUsize = NonZeroUsize::new(1 << 16).expect("65,536 is not zero");

impl Frames {
    pub(super) fn begin<K: OrderedKv>(records: &Records<'_, K>) -> Result<Self, StorageError> {
        let walk = Walk::begin(records)?;
        Ok(Self { walk })
    }

    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        let Some(range) = self.walk.range() else {
            return Ok(Progress::Done);
        };
        let mut values = records.scan(&range, VALUES_A_SCAN)?;
        let more = values.len() == VALUES_A_SCAN.get();
        let last = values.last().filter(|_| more);
        let Some(cut) = last.map(|last| record_key(&last.key).to_vec()) else {
            self.walk.go_on(None);
            check_values(records, &values, notes)?;
            return Ok(Progress::More);
        };
        // The last record may go on after this page: it waits for the next one.
        let whole = values.partition_point(|value| record_key(&value.key) < cut.as_slice());
        match whole {
            0 => {
                values = records.scan(&KeyRange::prefix(&cut), WHOLE_RECORD)?;
                self.walk.go_on(Some(after(&cut)));
            }
            _ => {
                values.truncate(whole);
                self.walk.go_on(Some(cut));
            }
        }
        check_values(records, &values, notes)?;
        Ok(Progress::More)
    }
}

/// The key of the record that a value is a part of.
fn record_key(key: &[u8]) -> &[u8] {
    &key[..key.len().saturating_sub(2)]
}

fn check_values<K: OrderedKv>(
    records: &Records<'_, K>,
    values: &[KeyValue],
    notes: &mut Notes,
) -> Result<(), StorageError> {
    for value in values {
        notes.looked_at.values += 1;
        notes.looked_at.bytes += (value.key.len() + value.value.len()) as u64;
    }
    for record in values.chunk_by(|a, b| record_key(&a.key) == record_key(&b.key)) {
        let Some(place) = Place::of(record_key(&record[0].key)) else {
            let about = About::RawKey(record[0].key.clone());
            let text = "this program makes no such key";
            notes.find(about, FindingKind::KeyUnknown, text);
            continue;
        };
        match check_record(&place, record) {
            Err((FindingKind::PartMissing, _)) if is_being_deleted(records, &place)? => {}
            Err((kind, text)) => notes.find(about(&place), kind, text),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Holds the values of one record against their frames.
fn check_record(place: &Place, values: &[KeyValue]) -> Result<(), (FindingKind, String)> {
    let what = words(place);
    let mut parts = None;
    let mut payload = Vec::new();
    let mut next = 0;
    for value in values {
        let number = part_number(&value.key);
        let part = unframe(&value.key, value.value.clone()).map_err(|error| {
            let why = match error.kind() {
                ErrorKind::NewerFormat => "its version is newer than this program",
                _ => "it does not match its checksum",
            };
            (
                FindingKind::Unreadable,
                format!("{what} cannot be read: {why}"),
            )
        })?;
        if number >= part.parts || parts.is_some_and(|parts| parts != part.parts) {
            let text = format!("{what} has a value too many, its part {number}");
            return Err((FindingKind::PartAstray, text));
        }
        if number != next {
            return Err((FindingKind::PartMissing, lacks(&what, next)));
        }
        parts = Some(part.parts);
        next += 1;
        payload.extend_from_slice(&part.payload);
    }
    if parts.is_some_and(|parts| next < parts) {
        return Err((FindingKind::PartMissing, lacks(&what, next)));
    }
    read(place, payload).map_err(|error| {
        let text = format!("{what} cannot be read: {}", source(&error));
        (FindingKind::Unreadable, text)
    })
}

fn lacks(what: &str, part: u16) -> String {
    format!("{what} lacks its part {part}")
}

fn part_number(key: &[u8]) -> u16 {
    match key {
        [.., high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

/// The cause is what says something here: which record it is has been said.
fn source(error: &StorageError) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| "it has another shape".into(), ToString::to_string)
}

/// Reads a record as what its key says that it is.
fn read(place: &Place, payload: Vec<u8>) -> Result<(), StorageError> {
    fn plain<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<(), StorageError> {
        decode::<T>(payload, String::new).map(drop)
    }
    let shape = || StorageError::new(ErrorKind::Damaged, "");
    match place {
        Place::Head => plain::<Head>(&payload),
        Place::Header(_) | Place::Deleted(_) => plain::<BatchHeader>(&payload),
        Place::Live(_) => plain::<LiveRecord>(&payload),
        Place::Inputs(..) => StoredChunk::read(payload, String::new)?
            .inputs(String::new)
            .map(drop),
        Place::Journal(_) => plain::<JournalRecord>(&payload),
        Place::Output(..) => String::from_utf8(payload)
            .map(drop)
            .map_err(|e| shape().caused_by(e)),
        Place::Idempotency(..) => plain::<IdempotencyRecord>(&payload),
        Place::Page(..) => plain::<RunPage>(&payload),
        Place::Sink(_) => plain::<(SinkName, Sequence)>(&payload),
        Place::Tidy(_) => plain::<Tidy>(&payload),
        Place::Submission(_) => plain::<SubmissionRecord>(&payload),
        Place::SubmissionPart(..) => match payload.len() {
            16 => Ok(()),
            _ => Err(shape()),
        },
        Place::Workflow(_) => plain::<crate::catalogue::Workflow>(&payload),
        Place::Bucket(_) => plain::<BucketRecord>(&payload),
        Place::Secrets(..) => plain::<Secrets>(&payload),
        Place::Steps(..) => plain::<Steps>(&payload),
        Place::Finished(..) | Place::ExpiringKey(_) => match payload.is_empty() {
            true => Ok(()),
            false => Err(shape()),
        },
        Place::Unfinished => Ok(()),
    }
}
