use std::fmt::{self, Write};

use crate::ordinal::Ordinal;

/// One thing that is wrong with a batch.
///
/// Prints as one line, and no message quotes a value, so that problems can be logged.
///
/// ```
/// use batch_core::request::{BatchRequest, Input, Limits};
/// use batch_core::valid::{ProblemCode, validate};
///
/// let request = BatchRequest::new("w").input(Input::text("x".repeat(1_048_577)));
/// let refused = validate(request, &Limits::default()).unwrap_err();
/// let problem = &refused.problems()[0];
///
/// assert_eq!(problem.to_string(), "input 0 at /text: 1048577 bytes, at most 1048576");
/// assert_eq!(problem.code, ProblemCode::TooLarge);
/// assert_eq!(problem.limit, Some(1_048_576));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The input it is about; `None` where it is about the batch as a whole.
    pub ordinal: Option<Ordinal>,
    /// Where in that input (or in the batch), as a JSON pointer (RFC 6901) such as
    /// `/metadata/customer/id`; empty for the input itself. One over 1,024 bytes is cut and
    /// ends in `…`.
    pub path: String,
    /// What kind of problem, for programs.
    pub code: ProblemCode,
    /// What is wrong, in one sentence part, for people.
    pub message: String,
    /// The limit that was broken, in the unit that the message names.
    pub limit: Option<u64>,
}

impl fmt::Display for Problem {
    /// `input 17 at /metadata: 12044 bytes, at most 10240`
    ///
    /// Control characters in the path, which may name a key of the caller's, are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordinal {
            Some(ordinal) => write!(f, "input {ordinal}")?,
            None => f.write_str("batch")?,
        }
        if !self.path.is_empty() {
            f.write_str(" at ")?;
            self.path.chars().try_for_each(|c| write_visible(f, c))?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Writes a character, a control character as `\u{a}`.
fn write_visible(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    if character.is_control() {
        write!(f, "{}", character.escape_unicode())
    } else {
        f.write_char(character)
    }
}

/// What kind of problem, for programs. [`ProblemCode::as_str`] never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemCode {
    /// Something that must be there is not.
    Missing,
    /// Two things exclude each other.
    Conflict,
    /// Too many of something.
    TooMany,
    /// Too many bytes.
    TooLarge,
    /// Nested too deep.
    TooDeep,
    /// Empty where something must stand.
    Empty,
    /// A number outside its range.
    OutOfRange,
    /// A text that is no absolute `http` or `https` url of a host, or one with user information.
    InvalidUrl,
    /// A character that may not stand there: NUL, a control character, a path separator, white
    /// space in a url.
    InvalidCharacter,
    /// A name that may not be used: `.` or `..`.
    InvalidName,
    /// A text that is no JSON.
    InvalidJson,
    /// JSON that is no object.
    NotAnObject,
    /// An object with two equal keys.
    DuplicateKey,
    /// The runs had secrets, which are not kept: give them again.
    SecretsRequired,
}

impl ProblemCode {
    /// The code as a stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::TooMany => "too_many",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::Empty => "empty",
            Self::OutOfRange => "out_of_range",
            Self::InvalidUrl => "invalid_url",
            Self::InvalidCharacter => "invalid_character",
            Self::InvalidName => "invalid_name",
            Self::InvalidJson => "invalid_json",
            Self::NotAnObject => "not_an_object",
            Self::DuplicateKey => "duplicate_key",
            Self::SecretsRequired => "secrets_required",
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_prints_as_one_line_whatever_its_path_names() {
        let problem = Problem {
            ordinal: None,
            path: "/secrets/a\n\u{1b}[31mé".into(),
            code: ProblemCode::InvalidCharacter,
            message: "m".into(),
            limit: None,
        };
        let line = r"batch at /secrets/a\u{a}\u{1b}[31mé: m";
        assert_eq!(problem.to_string(), line);
    }

    #[test]
    fn a_code_is_printed_as_the_word_that_programs_look_for() {
        assert_eq!(ProblemCode::TooMany.to_string(), "too_many");
        assert_eq!(ProblemCode::SecretsRequired.as_str(), "secrets_required");
    }
}
