use serde_json::Value;

use super::super::{Finding, Problems};
use super::{Scratch, ValueWriter, Walk, dismantle};
use crate::request::{Limits, RawMetadata};
use crate::valid::{Metadata, ProblemCode};

const PATH: &str = "/metadata";

/// How many times larger than the limit JSON may be as it was given.
///
/// Indenting and `\u` escapes make honest text two to six times as large. What is larger than
/// this is not read at all, which bounds the work.
const RAW_FACTOR: usize = 8;

/// The deepest that `serde_json` reads back, whatever the limit says.
pub(super) const MAX_DEPTH: usize = 127;

/// Checks metadata and makes it compact, keys in the order in which they were given.
///
/// Gives back nothing only where a problem was added.
pub(in crate::valid::check) fn check_metadata(
    problems: &mut Problems<'_>,
    scratch: &mut Scratch,
    raw: RawMetadata,
) -> Option<Metadata> {
    match raw {
        RawMetadata::Json(text) => check_text(problems, scratch, text),
        RawMetadata::Value(value) => check_value(problems, scratch, value),
    }
}

fn check_text(
    problems: &mut Problems<'_>,
    scratch: &mut Scratch,
    text: String,
) -> Option<Metadata> {
    let limit = problems.limits().metadata_bytes;
    let most = max_raw(problems.limits());
    if text.len() > most {
        let message = format!(
            "{} bytes as given, at most {most} ({limit} once compact)",
            text.len()
        );
        problems.add(
            PATH,
            Finding::new(ProblemCode::TooLarge, message).limit(most),
        );
        return None;
    }
    read(problems, scratch, &text)?;
    // Text that was compact already is kept, not copied.
    if scratch.compact == text {
        Some(Metadata::from_checked(text))
    } else {
        Some(Metadata::from_checked(scratch.compact.as_str()))
    }
}

/// A value is written as text and read like one, so that there is one set of rules.
fn check_value(
    problems: &mut Problems<'_>,
    scratch: &mut Scratch,
    value: Value,
) -> Option<Metadata> {
    let most = max_raw(problems.limits());
    let mut text = std::mem::take(&mut scratch.written);
    text.clear();
    let mut writer = ValueWriter::new(&mut text, most);
    writer.write(&value);
    let (cut, deepest) = (writer.is_cut(), writer.deepest());
    if cut || deepest > MAX_DEPTH {
        dismantle(value);
    }
    let metadata = if cut {
        refuse_cut(problems, most, deepest);
        None
    } else {
        read(problems, scratch, &text).map(|()| Metadata::from_checked(scratch.compact.as_str()))
    };
    scratch.written = text;
    metadata
}

fn refuse_cut(problems: &mut Problems<'_>, most: usize, deepest: usize) {
    let limit = problems.limits().metadata_bytes;
    let message = format!("over {most} bytes, at most {limit}");
    problems.add(
        PATH,
        Finding::new(ProblemCode::TooLarge, message).limit(limit),
    );
    check_depth(problems, "at least ", deepest);
}

/// Walks the text and leaves it compact in the scratch; nothing where there was a problem.
fn read(problems: &mut Problems<'_>, scratch: &mut Scratch, text: &str) -> Option<()> {
    let before = problems.count();
    scratch.clear();
    let mut walk = Walk::new(text, scratch, problems);
    let outcome = walk.run();
    let deepest = walk.deepest();
    let unread = if outcome.is_ok() { "" } else { "at least " };
    match outcome {
        Ok(()) => check_size(problems, scratch.compact.len()),
        Err(syntax) => problems.add(
            PATH,
            Finding::new(ProblemCode::InvalidJson, syntax.to_string()),
        ),
    }
    check_depth(problems, unread, deepest);
    (problems.count() == before).then_some(())
}

fn check_size(problems: &mut Problems<'_>, bytes: usize) {
    let limit = problems.limits().metadata_bytes;
    if bytes > limit {
        problems.add(PATH, Finding::too_large(bytes, limit));
    }
}

fn check_depth(problems: &mut Problems<'_>, least: &str, deepest: usize) {
    let limit = problems.limits().metadata_depth.min(MAX_DEPTH);
    if deepest > limit {
        let message = format!("nested {least}{deepest} deep, at most {limit}");
        problems.add(
            PATH,
            Finding::new(ProblemCode::TooDeep, message).limit(limit),
        );
    }
}

fn max_raw(limits: &Limits) -> usize {
    limits.metadata_bytes.saturating_mul(RAW_FACTOR)
}
