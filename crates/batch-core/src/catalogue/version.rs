use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// The version of a workflow that a batch is pinned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Version {
    /// The deployed version with this number, from 1.
    #[serde(rename = "n")]
    Number(NonZeroU32),
    /// The draft.
    #[serde(rename = "d")]
    Draft,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Draft => f.write_str("draft"),
        }
    }
}
