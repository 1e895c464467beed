use std::fmt;

use serde::{Deserialize, Serialize};

/// The most bytes of a reason.
const MAX_REASON_BYTES: usize = 64;
/// The most bytes of a message.
const MAX_MESSAGE_BYTES: usize = 1_024;

/// Why an attempt or a run failed: a word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    reason: String,
    message: String,
}

impl Failure {
    /// The executor panicked.
    pub const PANICKED: &'static str = "PANICKED";
    /// The attempt took longer than it may.
    pub const TIMED_OUT: &'static str = "TIMED_OUT";
    /// The process died too often while it held the run.
    pub const CRASHED: &'static str = "CRASHED";
    /// It still waited when its batch expired.
    pub const EXPIRED: &'static str = "EXPIRED";
    /// The executor's output is larger than an output may be.
    pub const OUTPUT_TOO_LARGE: &'static str = "OUTPUT_TOO_LARGE";

    /// A failure. What is longer than 64 bytes (reason) or 1,024 bytes (message) is cut.
    #[must_use]
    pub fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: cut(reason.into(), MAX_REASON_BYTES),
            message: cut(message.into(), MAX_MESSAGE_BYTES),
        }
    }

    /// That of a run that still waited when its batch expired.
    pub(crate) fn expired() -> Self {
        Self::new(Self::EXPIRED, "it still waited when its batch expired")
    }

    /// The word for programs, such as `TIMED_OUT`. At most 64 bytes.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The sentence for people. At most 1,024 bytes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

/// Cuts a text at a character boundary so that it has at most `most` bytes.
pub(super) fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let failure = Failure::new("X", "ä".repeat(1_000));
        assert_eq!(failure.message().len(), 1_024);
        let failure = Failure::new("X", format!("a{}", "ä".repeat(1_000)));
        assert_eq!(failure.message().len(), 1_023);
    }
}
