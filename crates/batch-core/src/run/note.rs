use std::fmt;

use serde::{Deserialize, Serialize};

use super::failure::cut;

/// A sentence from one person or program to another about a run in review.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Note(String);

impl Note {
    /// The most bytes of a note.
    pub const MAX_BYTES: usize = 1_024;

    /// A note. What is longer than [`Note::MAX_BYTES`] is cut.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(cut(text.into(), Self::MAX_BYTES))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Note {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let note = Note::new(format!("a{}", "ä".repeat(1_000)));
        assert_eq!(note.as_str().len(), 1_023);
    }
}
