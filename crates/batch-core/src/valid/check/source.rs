//! What a run works on: exactly one of a url, a file id and a text.

use super::{Finding, Problems, name, url};
use crate::request::Input;
use crate::valid::{ProblemCode, Source};

const NAME: &str = "/file/name";

/// Checks each field that is there, and that they belong together: where no problem was added,
/// [`choose`] makes a source of them.
#[inline]
pub(super) fn check(problems: &mut Problems<'_>, input: &Input) {
    if let Some(url) = &input.file_url {
        url::check(problems, url);
    }
    if let Some(id) = &input.file_id {
        let limit = problems.limits().file_id_bytes;
        name::check(problems, || "/file/id".into(), id, limit);
    }
    if let Some(text) = &input.text {
        check_text(problems, text);
    }
    if let Some(name) = &input.file_name {
        name::check_file(problems, NAME, name);
    }
    check_together(problems, input);
}

/// The source of an input that has one; nothing for fields that were refused together.
#[inline]
pub(super) fn choose(
    url: Option<String>,
    id: Option<String>,
    text: Option<String>,
    name: Option<String>,
) -> Option<Source> {
    match (url, id, text) {
        (None, None, Some(text)) => Some(Source::Text { text, name }),
        (Some(url), None, None) => Some(Source::Url { url, name }),
        (None, Some(id), None) => Some(Source::File { id }),
        _ => None,
    }
}

fn check_text(problems: &mut Problems<'_>, text: &str) {
    let limit = problems.limits().text_bytes;
    if text.len() > limit {
        problems.add("/text", Finding::too_large(text.len(), limit));
    }
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        problems.add("/text", Finding::character("character", '\0', at));
    }
}

#[inline]
fn check_together(problems: &mut Problems<'_>, input: &Input) {
    let name = input.file_name.as_deref();
    match (&input.file_url, &input.file_id, &input.text) {
        (Some(_), None, None) | (None, None, Some(_)) => {}
        (None, Some(_), None) => {
            let message = "a file given by id has its own name";
            refuse_name(problems, name, ProblemCode::Conflict, message);
        }
        (None, None, None) => {
            let message = "no file and no text, exactly one of url, id and text is needed";
            problems.add("", Finding::new(ProblemCode::Missing, message));
            let message = "there is no file or text to name";
            refuse_name(problems, name, ProblemCode::Missing, message);
        }
        (url, id, text) => {
            let there = [
                ("url", url.is_some()),
                ("id", id.is_some()),
                ("text", text.is_some()),
            ];
            problems.add("", several(&there));
        }
    }
}

fn refuse_name(problems: &mut Problems<'_>, name: Option<&str>, code: ProblemCode, message: &str) {
    if name.is_some() {
        problems.add(NAME, Finding::new(code, message));
    }
}

fn several(there: &[(&str, bool)]) -> Finding {
    let names: Vec<_> = there
        .iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| *name)
        .collect();
    let message = format!(
        "{} at once, exactly one of url, id and text is needed",
        names.join(" and ")
    );
    Finding::new(ProblemCode::Conflict, message).limit(1)
}

#[cfg(test)]
mod tests {
    use super::super::refusal::{codes, problems_of};
    use super::*;

    fn input(url: Option<&str>, id: Option<&str>, text: Option<&str>) -> Input {
        Input {
            file_url: url.map(Into::into),
            file_id: id.map(Into::into),
            text: text.map(Into::into),
            ..Input::default()
        }
    }

    const URL: Option<&str> = Some("https://example.com/a.pdf");

    #[test]
    fn a_url_an_id_or_a_text_alone_passes() {
        assert_eq!(codes(input(URL, None, None)), []);
        assert_eq!(codes(input(None, Some("/tmp/a b.pdf"), None)), []);
        assert_eq!(codes(input(None, None, Some("text"))), []);
    }

    #[test]
    fn an_input_of_neither_file_nor_text_is_refused() {
        assert_eq!(
            codes(Input::default()),
            [(String::new(), ProblemCode::Missing)]
        );
    }

    #[test]
    fn several_of_url_id_and_text_are_refused_by_name() {
        for (given, names) in [
            (input(URL, Some("i"), None), "url and id"),
            (input(URL, None, Some("t")), "url and text"),
            (input(None, Some("i"), Some("t")), "id and text"),
            (input(URL, Some("i"), Some("t")), "url and id and text"),
        ] {
            let problems = problems_of(given);
            assert_eq!(problems[0].code, ProblemCode::Conflict);
            assert!(
                problems[0].message.starts_with(&format!("{names} at once")),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn several_sources_are_each_checked_too() {
        let paths: Vec<_> = problems_of(input(Some("x"), Some(""), Some("\0")))
            .into_iter()
            .map(|p| p.path)
            .collect();
        assert_eq!(paths, ["/file/url", "/file/id", "/text", ""]);
    }

    #[test]
    fn a_file_name_needs_a_file_or_text() {
        let refused = [
            (String::new(), ProblemCode::Missing),
            ("/file/name".into(), ProblemCode::Missing),
        ];
        assert_eq!(codes(Input::default().with_file_name("a.pdf")), refused);
    }

    #[test]
    fn a_file_given_by_id_takes_no_name() {
        let refused = [("/file/name".into(), ProblemCode::Conflict)];
        assert_eq!(codes(Input::file_id("i").with_file_name("a.pdf")), refused);
    }

    #[test]
    fn a_file_id_has_1_to_12288_bytes_and_no_control_character() {
        let id = |id: &str| codes(Input::file_id(id));
        let refused = |code| [("/file/id".to_owned(), code)];
        assert_eq!(id(""), refused(ProblemCode::Empty));
        assert_eq!(id(&"i".repeat(12_287)), []);
        assert_eq!(id(&"i".repeat(12_288)), []);
        assert_eq!(id(&"i".repeat(12_289)), refused(ProblemCode::TooLarge));
        assert_eq!(id("a\0"), refused(ProblemCode::InvalidCharacter));
        assert_eq!(id("../a\\b"), []);
    }

    #[test]
    fn a_text_has_at_most_a_mebibyte() {
        let text = |length| codes(Input::text("x".repeat(length)));
        assert_eq!(text((1 << 20) - 1), []);
        assert_eq!(text(1 << 20), []);
        assert_eq!(
            text((1 << 20) + 1),
            [("/text".into(), ProblemCode::TooLarge)]
        );
    }

    #[test]
    fn an_empty_text_is_a_legal_empty_file() {
        assert_eq!(codes(Input::text("")), []);
    }

    #[test]
    fn a_text_holds_no_nul_but_may_hold_other_control_characters() {
        assert_eq!(codes(Input::text("\u{1}\t\r\n\u{7f}\u{85}")), []);
        let refused = [("/text".into(), ProblemCode::InvalidCharacter)];
        assert_eq!(codes(Input::text("a\0b\0")), refused);
    }
}
