use std::fmt;

use serde::{Deserialize, Serialize};

use super::failure::cut;

/// Who answered a review, as the host names people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reviewer(String);

impl Reviewer {
    /// The most bytes of a reviewer's name.
    pub const MAX_BYTES: usize = 255;

    /// A reviewer. What is longer than [`Reviewer::MAX_BYTES`] is cut.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(cut(name.into(), Self::MAX_BYTES))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Reviewer {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for Reviewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(Reviewer::new("ä".repeat(200)).as_str().len(), 254);
    }
}
