use jiff::Timestamp;

use super::{
    BUCKET, DELETED, EXPIRING_KEY, FINISHED, HEAD, HEADER, IDEMPOTENCY, INPUTS, JOURNAL, Key, LIVE,
    OUTPUT, PAGE, SECRETS, SINK, STEPS, SUBMISSION, SUBMISSION_PART, TIDY, TIME_BYTES, UNFINISHED,
    WORKFLOW,
};
use crate::id::{BatchId, IdempotencyKey, SinkName, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::ordinal::Ordinal;

/// What a key says stands under it: the reverse of the functions that make keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kv) enum Place {
    Head,
    Header(BatchId),
    Live(BatchId),
    Deleted(BatchId),
    Finished(Timestamp, BatchId),
    /// The whole key under which the idempotency record stands.
    ExpiringKey(Key),
    Inputs(BatchId, Ordinal),
    Journal(Sequence),
    Output(BatchId, Ordinal),
    Idempotency(IdempotencyKey, u32),
    Page(BatchId, u32),
    Sink(SinkName),
    Tidy(BatchId),
    Submission(SubmissionId),
    SubmissionPart(SubmissionId, u32),
    Workflow(WorkflowId),
    Bucket(WorkflowId),
    Secrets(BatchId, Ordinal),
    Steps(BatchId, Ordinal),
    Unfinished,
}

impl Place {
    /// Reads a key, without the number of a part; `None` for one that this program never makes.
    pub(in crate::kv) fn of(key: &[u8]) -> Option<Self> {
        let (prefix, rest) = key.split_first()?;
        Some(match *prefix {
            HEAD if rest.is_empty() => Self::Head,
            UNFINISHED if rest.is_empty() => Self::Unfinished,
            HEADER => Self::Header(batch(rest)?),
            LIVE => Self::Live(batch(rest)?),
            DELETED => Self::Deleted(batch(rest)?),
            TIDY => Self::Tidy(batch(rest)?),
            SUBMISSION => Self::Submission(SubmissionId::of_first_batch(batch(rest)?)),
            INPUTS => of_place(rest, |batch, n| Self::Inputs(batch, Ordinal::new(n)))?,
            OUTPUT => of_place(rest, |batch, n| Self::Output(batch, Ordinal::new(n)))?,
            SECRETS => of_place(rest, |batch, n| Self::Secrets(batch, Ordinal::new(n)))?,
            STEPS => of_place(rest, |batch, n| Self::Steps(batch, Ordinal::new(n)))?,
            PAGE => of_place(rest, Self::Page)?,
            SUBMISSION_PART => of_place(rest, |batch, n| {
                Self::SubmissionPart(SubmissionId::of_first_batch(batch), n)
            })?,
            JOURNAL => Self::Journal(Sequence::new(u64::from_be_bytes(rest.try_into().ok()?))),
            FINISHED => finished(rest)?,
            EXPIRING_KEY => expiring(key)?,
            IDEMPOTENCY => idempotency(rest)?,
            SINK => Self::Sink(SinkName::new(text(rest)?).ok()?),
            WORKFLOW => Self::Workflow(WorkflowId::new(text(rest)?).ok()?),
            BUCKET => Self::Bucket(WorkflowId::new(text(rest)?).ok()?),
            _ => return None,
        })
    }

    /// When the key is forgotten that a key of that index names.
    pub(in crate::kv) fn expires_at(key: &[u8]) -> Option<Timestamp> {
        moment(key.get(1..TIME_BYTES)?)
    }

    /// The batch that it is a part of.
    pub(in crate::kv) const fn batch(&self) -> Option<BatchId> {
        match self {
            Self::Header(id)
            | Self::Live(id)
            | Self::Deleted(id)
            | Self::Tidy(id)
            | Self::Finished(_, id)
            | Self::Inputs(id, _)
            | Self::Output(id, _)
            | Self::Secrets(id, _)
            | Self::Steps(id, _)
            | Self::Page(id, _) => Some(*id),
            _ => None,
        }
    }
}

fn batch(bytes: &[u8]) -> Option<BatchId> {
    let uuid = uuid::Uuid::from_slice(bytes).ok()?;
    Some(BatchId::from_uuid(uuid))
}

fn of_place(rest: &[u8], make: impl FnOnce(BatchId, u32) -> Place) -> Option<Place> {
    let (id, number) = rest.split_at_checked(16)?;
    let number = u32::from_be_bytes(number.try_into().ok()?);
    Some(make(batch(id)?, number))
}

fn finished(rest: &[u8]) -> Option<Place> {
    let (time, id) = rest.split_at_checked(8)?;
    Some(Place::Finished(moment(time)?, batch(id)?))
}

fn expiring(key: &[u8]) -> Option<Place> {
    let (time, idempotent) = key.split_at_checked(TIME_BYTES)?;
    moment(&time[1..])?;
    let (prefix, rest) = idempotent.split_first()?;
    (*prefix == IDEMPOTENCY).then(|| idempotency(rest))??;
    Some(Place::ExpiringKey(idempotent.to_vec()))
}

fn idempotency(rest: &[u8]) -> Option<Place> {
    let at = rest.len().checked_sub(4)?;
    let (name, part) = rest.split_at(at);
    let key = IdempotencyKey::new(text(name)?).ok()?;
    let part = u32::from_be_bytes(part.try_into().ok()?);
    Some(Place::Idempotency(key, part))
}

fn moment(bytes: &[u8]) -> Option<Timestamp> {
    let shifted = u64::from_be_bytes(bytes.try_into().ok()?);
    let millis = shifted.cast_signed().wrapping_add(i64::MIN);
    Timestamp::from_millisecond(millis).ok()
}

fn text(bytes: &[u8]) -> Option<&str> {
    let (end, text) = bytes.split_last()?;
    (*end == 0).then(|| std::str::from_utf8(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::super as key;
    use super::*;

    #[test]
    fn every_key_that_is_made_is_read_back() {
        let batch = BatchId::generate();
        let submission = SubmissionId::of_first_batch(batch);
        let ordinal = Ordinal::new(7);
        let at = Timestamp::from_millisecond(-3).unwrap();
        let name = IdempotencyKey::new("k").unwrap();
        let sink = SinkName::new("s").unwrap();
        let workflow = WorkflowId::new("w").unwrap();
        let idempotent = key::idempotency(&name, 2);
        let made = [
            (key::head(), Place::Head),
            (key::unfinished(), Place::Unfinished),
            (key::header(batch), Place::Header(batch)),
            (key::live(batch), Place::Live(batch)),
            (key::deleted(batch), Place::Deleted(batch)),
            (key::tidy(batch), Place::Tidy(batch)),
            (key::inputs(batch, ordinal), Place::Inputs(batch, ordinal)),
            (key::output(batch, ordinal), Place::Output(batch, ordinal)),
            (key::secrets(batch, ordinal), Place::Secrets(batch, ordinal)),
            (key::steps(batch, ordinal), Place::Steps(batch, ordinal)),
            (key::page(batch, 3), Place::Page(batch, 3)),
            (key::finished(at, batch), Place::Finished(at, batch)),
            (key::submission(submission), Place::Submission(submission)),
            (
                key::submission_part(submission, 4),
                Place::SubmissionPart(submission, 4),
            ),
            (
                key::expiring_key(at, &idempotent),
                Place::ExpiringKey(idempotent.clone()),
            ),
            (idempotent, Place::Idempotency(name, 2)),
            (key::sink(&sink), Place::Sink(sink)),
            (key::bucket(&workflow), Place::Bucket(workflow.clone())),
            (key::workflow(&workflow), Place::Workflow(workflow)),
            (
                key::journal(Sequence::new(9)),
                Place::Journal(Sequence::new(9)),
            ),
        ];
        for (key, place) in made {
            assert_eq!(Place::of(&key), Some(place), "{key:?}");
        }
    }

    #[test]
    fn a_key_of_another_shape_is_none() {
        for key in [
            &b""[..],
            b"?",
            b"b",
            b"m0",
            b"jshort",
            b"q",
            b"sname",
            b"f1",
        ] {
            assert_eq!(Place::of(key), None, "{key:?}");
        }
    }
}
