//! Names: labels of runs and files, ids, names of secrets.

use super::{Finding, Problems};
use crate::valid::ProblemCode;

/// Checks what all names have in common: not empty, not too long, no control character.
///
/// The path is asked for where there is a problem.
pub(super) fn check(
    problems: &mut Problems<'_>,
    path: impl Fn() -> String,
    name: &str,
    max: usize,
) {
    if name.is_empty() {
        problems.add_with(|| (path(), Finding::empty()));
    }
    if name.len() > max {
        problems.add_with(|| (path(), Finding::too_large(name.len(), max)));
    }
    if let Some((at, c)) = find_control(name) {
        problems.add_with(|| (path(), Finding::character("control character", c, at)));
    }
}

/// Checks the name of a file, which is a label: it can name no directory and lead to none.
pub(super) fn check_file(problems: &mut Problems<'_>, path: &str, name: &str) {
    check(problems, || path.into(), name, problems.limits().name_bytes);
    if let Some(at) = name.find(['/', '\\']) {
        let separator = char::from(name.as_bytes()[at]);
        problems.add(path, Finding::character("path separator", separator, at));
    }
    if matches!(name, "." | "..") {
        let message = format!("{name} names a directory, not a file");
        problems.add(path, Finding::new(ProblemCode::InvalidName, message));
    }
}

/// The first control character and its byte offset.
pub(super) fn find_control(text: &str) -> Option<(usize, char)> {
    // Bytes of UTF-8 that a control character can begin with: C0, DEL, and the lead byte of C1.
    let suspect = |b: &u8| *b < 0x20 || *b == 0x7f || *b == 0xc2;
    // Without a way out half way through, the compiler looks at many bytes at a time.
    let suspicious = (text.as_bytes().iter()).fold(false, |found, b| found | suspect(b));
    suspicious.then_some(())?;
    text.char_indices().find(|(_, c)| c.is_control())
}

#[cfg(test)]
mod tests {
    use super::super::refusal::{codes, problems_of};
    use super::*;
    use crate::request::Input;
    use proptest::prelude::*;

    fn named(name: &str) -> Vec<(String, ProblemCode)> {
        codes(Input::text("t").with_name(name))
    }

    fn file_named(name: &str) -> Vec<(String, ProblemCode)> {
        codes(Input::text("t").with_file_name(name))
    }

    fn at(path: &str, codes: &[ProblemCode]) -> Vec<(String, ProblemCode)> {
        codes.iter().map(|code| (path.to_owned(), *code)).collect()
    }

    #[test]
    fn a_name_has_1_to_255_bytes() {
        assert_eq!(named(""), at("/name", &[ProblemCode::Empty]));
        for length in [1, 254, 255] {
            assert_eq!(named(&"n".repeat(length)), []);
        }
        assert_eq!(
            named(&"n".repeat(256)),
            at("/name", &[ProblemCode::TooLarge])
        );
    }

    #[test]
    fn the_length_of_a_name_is_counted_in_bytes() {
        let problems = problems_of(Input::text("t").with_name("é".repeat(128)));
        assert_eq!(problems[0].message, "256 bytes, at most 255");
        assert_eq!(problems[0].limit, Some(255));
    }

    #[test]
    fn control_characters_in_a_name_are_refused_with_code_point_and_place() {
        for (name, message) in [
            ("a\0", "the control character U+0000 at byte 1"),
            ("é\n", "the control character U+000A at byte 2"),
            ("\u{7f}", "the control character U+007F at byte 0"),
            ("ab\u{85}", "the control character U+0085 at byte 2"),
        ] {
            let problems = problems_of(Input::text("t").with_name(name));
            assert_eq!(problems[0].code, ProblemCode::InvalidCharacter);
            assert_eq!(problems[0].message, message);
        }
    }

    #[test]
    fn a_name_that_is_too_long_and_holds_nul_has_two_problems() {
        let both = at(
            "/name",
            &[ProblemCode::TooLarge, ProblemCode::InvalidCharacter],
        );
        assert_eq!(named(&"\0".repeat(256)), both);
    }

    #[test]
    fn a_name_may_hold_separators_and_dots() {
        assert_eq!(named("2026/11 \\ .."), []);
        assert_eq!(named(".."), []);
    }

    #[test]
    fn a_file_name_holds_no_path_separator() {
        for name in ["/etc/passwd", "../x", "a\\b", "C:\\x", "a/"] {
            let refused = at("/file/name", &[ProblemCode::InvalidCharacter]);
            assert_eq!(file_named(name), refused, "{name}");
        }
    }

    #[test]
    fn a_file_is_not_called_dot_or_dot_dot() {
        for name in [".", ".."] {
            assert_eq!(
                file_named(name),
                at("/file/name", &[ProblemCode::InvalidName])
            );
        }
    }

    #[test]
    fn dots_within_a_file_name_are_fine() {
        for name in [".bashrc", "...", "a..b", "invoice.pdf", "a b é"] {
            assert_eq!(file_named(name), [], "{name}");
        }
    }

    #[test]
    fn a_file_name_has_1_to_255_bytes() {
        assert_eq!(file_named(""), at("/file/name", &[ProblemCode::Empty]));
        assert_eq!(file_named(&"n".repeat(255)), []);
        let refused = at("/file/name", &[ProblemCode::TooLarge]);
        assert_eq!(file_named(&"n".repeat(256)), refused);
    }

    proptest! {
        #[test]
        fn the_shortcut_by_bytes_misses_no_control_character(text in any::<String>()) {
            prop_assert_eq!(
                find_control(&text),
                text.char_indices().find(|(_, c)| c.is_control())
            );
        }
    }
}
