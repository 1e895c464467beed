use std::fmt;

use super::{About, FindingKind};

/// One thing that is wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about.
    pub about: About,
    /// What is wrong with it.
    pub kind: FindingKind,
    /// The same in words, with all that is known.
    pub detail: String,
}

impl fmt::Display for Finding {
    /// One line: what it is about, and what is wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.detail)
    }
}
