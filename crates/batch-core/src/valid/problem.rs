use std::fmt;

use crate::ordinal::Ordinal;

/// One thing that is wrong with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The input it is about; `None` where it is about the batch as a whole.
    pub ordinal: Option<Ordinal>,
    /// Where in that input (or in the batch), as a JSON pointer such as `/metadata`.
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordinal {
            Some(ordinal) => write!(f, "input {ordinal}")?,
            None => f.write_str("batch")?,
        }
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}", self.message)
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
    /// A text that is no url, or whose scheme is not `http` or `https`.
    InvalidUrl,
    /// A character that may not stand there: NUL, a control character, a path separator.
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
