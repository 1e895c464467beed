use std::fmt;

use crate::batch::{Batch, Extent};
use crate::catalogue::Version;
use crate::id::BatchId;
use crate::ordinal::Ordinal;
use crate::request::{Timing, VersionSelector};
use crate::storage::NewBatch;
use crate::valid::{Share, Source, ValidInput};

/// The most characters of a value that a difference shows.
const MAX_SHOWN: usize = 120;
/// How many characters before the first differing one it shows of a longer value.
const SHOWN_BEFORE: usize = 40;

/// The first thing in which a submit differs from what is stored under its key.
///
/// Secrets are neither compared nor shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The input, by its place in the whole submission; `None` where it is about the batch.
    pub ordinal: Option<Ordinal>,
    /// Where in that input (or in the batch), as a JSON pointer such as `/file/id`; empty
    /// where one of the two has no such input at all.
    pub path: String,
    /// What is stored there, at most 120 characters of it; `None` for nothing.
    pub stored: Option<String>,
    /// What was given, at most 120 characters of it; `None` for nothing.
    pub given: Option<String>,
}

impl fmt::Display for Difference {
    /// `input 17 at /file/id: stored "a.txt", given "b.txt"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordinal {
            Some(ordinal) => write!(f, "input {ordinal}")?,
            None => f.write_str("batch")?,
        }
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        let shown = |value: &Option<String>| match value {
            Some(text) => format!("{text:?}"),
            None => "nothing".to_owned(),
        };
        let (stored, given) = (shown(&self.stored), shown(&self.given));
        write!(f, ": stored {stored}, given {given}")
    }
}

/// One of the two sides of a comparison: inputs, and whether the submission ends with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) inputs: &'a [ValidInput],
    pub(super) extent: Extent,
}

/// What the request says differently from the stored batch, its inputs aside.
///
/// A request for the newest version is not compared: what was newest then is not known.
pub(super) fn of_requests(stored: &Batch, new: &NewBatch) -> Option<Difference> {
    let given = &new.content;
    let version = match (given.version(), stored.version) {
        (VersionSelector::Number(asked), Version::Number(pinned)) => asked == pinned,
        (VersionSelector::Number(_), Version::Draft)
        | (VersionSelector::Draft, Version::Number(_)) => false,
        (VersionSelector::Draft, Version::Draft) | (VersionSelector::Newest, _) => true,
    };
    let of_batch = |path: &str, stored: &dyn fmt::Display, given: &dyn fmt::Display| {
        let (stored, given) = (stored.to_string(), given.to_string());
        Some(between(None, path, Some(&stored), Some(&given)))
    };
    if stored.workflow != *given.workflow() {
        of_batch("/workflow", &stored.workflow, given.workflow())
    } else if !version {
        of_batch("/version", &stored.version, &given.version())
    } else if stored.priority != given.priority() {
        of_batch("/priority", &stored.priority, &given.priority())
    } else if let Some((path, stored, given)) = of_timing(stored.timing, given.timing()) {
        Some(between(None, path, stored.as_deref(), given.as_deref()))
    } else if stored.share.as_ref() != given.share() {
        let shown = |share: Option<&Share>| share.map(|share| format!("{share:?}"));
        let (stored, given) = (shown(stored.share.as_ref()), shown(given.share()));
        Some(between(
            None,
            "/fairness",
            stored.as_deref(),
            given.as_deref(),
        ))
    } else if stored.retry_of != new.retry_of {
        let shown = |of: Option<BatchId>| of.map(|id| id.to_string());
        let (stored, given) = (shown(stored.retry_of), shown(new.retry_of));
        Some(between(
            None,
            "/retryOf",
            stored.as_deref(),
            given.as_deref(),
        ))
    } else {
        None
    }
}

/// What the two say differently of when runs may begin, or until when.
fn of_timing(
    stored: Timing,
    given: Timing,
) -> Option<(&'static str, Option<String>, Option<String>)> {
    let said = |timing: Timing| {
        [
            ("/notBefore", timing.not_before.map(|at| at.to_string())),
            ("/spread", Some(format!("{:?}", timing.spread))),
            ("/expiresAt", timing.expires_at.map(|at| at.to_string())),
        ]
    };
    let pairs = said(stored).into_iter().zip(said(given));
    pairs
        .map(|((path, stored), (_, given))| (path, stored, given))
        .find(|(_, stored, given)| stored != given)
}

/// The first input that is not the same on both sides; `first` is the place of the first of
/// them in the submission.
pub(super) fn of_inputs(stored: Side<'_>, given: Side<'_>, first: u64) -> Option<Difference> {
    let pairs = stored.inputs.iter().zip(given.inputs);
    let differing = pairs.enumerate().find_map(|(place, (stored, given))| {
        let mut fields = fields(stored).into_iter().zip(fields(given));
        let ((path, stored), (_, given)) = fields.find(|(stored, given)| stored != given)?;
        Some(between(Some(ordinal(first, place)), path, stored, given))
    });
    differing.or_else(|| of_ends(stored, given, first))
}

/// How the ends differ of two sides that are equal as far as both go.
fn of_ends(stored: Side<'_>, given: Side<'_>, first: u64) -> Option<Difference> {
    let (s, g) = (stored.inputs.len(), given.inputs.len());
    let end = Some(ordinal(first, s.min(g)));
    let ends = |side: Side<'_>, other: usize| {
        let shorter = side.inputs.len() < other;
        side.extent == Extent::Complete && (shorter || side.inputs.len() == other)
    };
    match (ends(stored, g), ends(given, s)) {
        (true, true) if s == g => None,
        (true, _) => Some(between(end, "", None, Some(label(given.inputs.get(s))))),
        (_, true) => Some(between(end, "", Some(label(stored.inputs.get(g))), None)),
        // The submission goes on after both: they were cut at different places.
        _ if s != g => {
            let (s, g) = (s.to_string(), g.to_string());
            Some(between(None, "/inputs", Some(&s), Some(&g)))
        }
        _ => None,
    }
}

/// The place of an input in its submission. Past four thousand million it stays at the last
/// number there is.
pub(super) fn ordinal(first: u64, place: usize) -> Ordinal {
    let sum = first.saturating_add(u64::try_from(place).unwrap_or(u64::MAX));
    Ordinal::new(u32::try_from(sum).unwrap_or(u32::MAX))
}

/// Everything of an input that may be compared and shown.
fn fields(input: &ValidInput) -> [(&'static str, Option<&str>); 6] {
    let (mut url, mut id, mut text, mut label) = (None, None, None, None);
    match input.source() {
        Source::Url { url: u, name } => (url, label) = (Some(u.as_str()), name.as_deref()),
        Source::File { id: i } => id = Some(i.as_str()),
        Source::Text { text: t, name } => (text, label) = (Some(t.as_str()), name.as_deref()),
    }
    let metadata = input.metadata();
    [
        ("/file/url", url),
        ("/file/id", id),
        ("/text", text),
        ("/file/name", label),
        ("/name", input.name()),
        (
            "/metadata",
            (!metadata.is_empty()).then(|| metadata.as_json()),
        ),
    ]
}

/// What to call an input that only one side has.
fn label(input: Option<&ValidInput>) -> &str {
    let first = |input| fields(input).into_iter().find_map(|(_, value)| value);
    input.and_then(first).unwrap_or("more inputs")
}

fn between(
    ordinal: Option<Ordinal>,
    path: &str,
    stored: Option<&str>,
    given: Option<&str>,
) -> Difference {
    let same = match (stored, given) {
        (Some(stored), Some(given)) => {
            let pairs = stored.chars().zip(given.chars());
            pairs.take_while(|(a, b)| a == b).count()
        }
        _ => 0,
    };
    Difference {
        ordinal,
        path: path.to_owned(),
        stored: stored.map(|text| excerpt(text, same)),
        given: given.map(|text| excerpt(text, same)),
    }
}

/// A short text whole; of a long one the stretch around the character at `at`.
fn excerpt(text: &str, at: usize) -> String {
    if text.chars().nth(MAX_SHOWN).is_none() {
        return text.to_owned();
    }
    let from = at.saturating_sub(SHOWN_BEFORE);
    let before = if from > 0 { "…" } else { "" };
    let room = MAX_SHOWN - 2;
    let rest = text.chars().skip(from);
    let after = if rest.clone().nth(room).is_some() {
        "…"
    } else {
        ""
    };
    let shown: String = rest.take(room).collect();
    format!("{before}{shown}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Secrets;
    use crate::valid::Metadata;

    fn text(text: &str) -> ValidInput {
        let source = Source::Text {
            text: text.to_owned(),
            name: None,
        };
        ValidInput::new(source, None, Metadata::default(), Secrets::new())
    }

    fn file(id: &str) -> ValidInput {
        let source = Source::File { id: id.to_owned() };
        ValidInput::new(source, None, Metadata::default(), Secrets::new())
    }

    fn texts<const N: usize>(all: [&str; N]) -> Vec<ValidInput> {
        all.map(text).to_vec()
    }

    const fn complete(inputs: &[ValidInput]) -> Side<'_> {
        let extent = Extent::Complete;
        Side { inputs, extent }
    }

    const fn open(inputs: &[ValidInput]) -> Side<'_> {
        let extent = Extent::Open;
        Side { inputs, extent }
    }

    fn shown(stored: Side<'_>, given: Side<'_>, first: u64) -> String {
        of_inputs(stored, given, first).unwrap().to_string()
    }

    #[test]
    fn equal_inputs_that_end_alike_do_not_differ() {
        let inputs = texts(["a", "b"]);
        assert_eq!(of_inputs(complete(&inputs), complete(&inputs), 0), None);
        assert_eq!(of_inputs(open(&inputs), open(&inputs), 0), None);
    }

    #[test]
    fn the_first_differing_input_is_named_by_its_place_in_the_submission() {
        let (stored, given) = (texts(["a", "b", "c"]), texts(["a", "x", "y"]));
        assert_eq!(
            shown(open(&stored), open(&given), 7_000),
            r#"input 7001 at /text: stored "b", given "x""#
        );
    }

    #[test]
    fn a_file_in_place_of_a_text_is_a_difference() {
        assert_eq!(
            shown(complete(&[file("a")]), complete(&[text("a")]), 0),
            r#"input 0 at /file/id: stored "a", given nothing"#
        );
    }

    #[test]
    fn more_inputs_than_are_stored_are_a_difference_that_shows_the_first_of_them() {
        let (stored, given) = (texts(["a"]), texts(["a", "b"]));
        assert_eq!(
            shown(complete(&stored), complete(&given), 10),
            r#"input 11: stored nothing, given "b""#
        );
        assert_eq!(
            shown(complete(&stored), open(&given), 10),
            r#"input 11: stored nothing, given "b""#
        );
    }

    #[test]
    fn fewer_inputs_than_are_stored_are_a_difference_that_shows_the_first_of_them() {
        let (stored, given) = (texts(["a", "b"]), texts(["a"]));
        assert_eq!(
            shown(open(&stored), complete(&given), 0),
            r#"input 1: stored "b", given nothing"#
        );
    }

    #[test]
    fn a_submission_that_goes_on_where_the_stored_one_ended_is_a_difference() {
        let inputs = texts(["a"]);
        assert_eq!(
            shown(complete(&inputs), open(&inputs), 0),
            r#"input 1: stored nothing, given "more inputs""#
        );
        assert_eq!(
            shown(open(&inputs), complete(&inputs), 0),
            r#"input 1: stored "more inputs", given nothing"#
        );
    }

    #[test]
    fn a_submission_cut_at_other_places_says_so_by_the_numbers() {
        let (stored, given) = (texts(["a", "b"]), texts(["a"]));
        assert_eq!(
            shown(open(&stored), open(&given), 0),
            r#"batch at /inputs: stored "2", given "1""#
        );
    }

    #[test]
    fn a_long_value_is_shown_around_its_first_differing_character() {
        let start = "ä".repeat(500);
        let stored = text(&format!("{start}STORED{}", "y".repeat(500)));
        let given = text(&format!("{start}GIVEN"));
        let difference = of_inputs(complete(&[stored]), complete(&[given]), 0).unwrap();
        let stored = difference.stored.unwrap();
        assert!(stored.starts_with("…ä") && stored.contains("STORED") && stored.ends_with('…'));
        assert_eq!(stored.chars().count(), MAX_SHOWN);
        assert!(difference.given.unwrap().ends_with("GIVEN"));
    }

    #[test]
    fn secrets_are_not_compared() {
        let with_secret = |value: &str| {
            let mut secrets = Secrets::new();
            secrets.insert("token", value);
            let mut input = text("a");
            input.set_secrets(secrets);
            input
        };
        let (stored, given) = ([with_secret("one")], [with_secret("two")]);
        assert_eq!(of_inputs(complete(&stored), complete(&given), 0), None);
    }
}
