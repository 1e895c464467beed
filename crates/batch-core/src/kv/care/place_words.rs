//! What a record is, in words.

use super::About;
use crate::id::RunId;
use crate::kv::key::Place;

/// What a record is about.
pub(super) fn about(place: &Place) -> About {
    match place {
        Place::Head | Place::Unfinished => About::Store,
        Place::Header(id)
        | Place::Live(id)
        | Place::Deleted(id)
        | Place::Tidy(id)
        | Place::Finished(_, id)
        | Place::Page(id, _)
        | Place::Inputs(id, _) => About::Batch(*id),
        Place::Output(id, ordinal) | Place::Secrets(id, ordinal) | Place::Steps(id, ordinal) => {
            About::Run(RunId::new(*id, *ordinal))
        }
        Place::ExpiringKey(key) => match Place::of(key) {
            Some(Place::Idempotency(key, _)) => About::Key(key),
            _ => About::RawKey(key.clone()),
        },
        Place::Journal(last) => About::Entry(*last),
        Place::Idempotency(key, _) => About::Key(key.clone()),
        Place::Sink(sink) => About::Sink(sink.clone()),
        Place::Submission(id) | Place::SubmissionPart(id, _) => About::Submission(*id),
        Place::Workflow(id) | Place::Bucket(id) => About::Workflow(id.clone()),
    }
}

/// What a record is of what it is about, such as `its header`.
pub(super) fn words(place: &Place) -> String {
    match place {
        Place::Head => "its head".into(),
        Place::Unfinished => "its mark of an unfinished copy".into(),
        Place::Header(_) => "its header".into(),
        Place::Live(_) => "its live record".into(),
        Place::Deleted(_) => "its header, kept after its delete".into(),
        Place::Tidy(_) => "its note of what is to be deleted".into(),
        Place::Finished(..) => "its entry in the index of finished batches".into(),
        Place::Page(_, page) => format!("page {page} of its run records"),
        Place::Inputs(_, last) => format!("its chunk of inputs that ends with input {last}"),
        Place::Output(..) => "its output".into(),
        Place::Secrets(..) => "the record of its secrets".into(),
        Place::Steps(..) => "the record of its steps".into(),
        Place::ExpiringKey(_) => "its entry in the index of keys to be forgotten".into(),
        Place::Journal(_) => "the record that ends with it".into(),
        Place::Idempotency(_, part) => format!("the record of its part {part}"),
        Place::Sink(_) => "its position".into(),
        Place::Submission(_) => "its record".into(),
        Place::SubmissionPart(_, part) => format!("the id of its part {part}"),
        Place::Workflow(_) => "its entry in the catalogue".into(),
        Place::Bucket(_) => "what is left of its rate".into(),
    }
}
