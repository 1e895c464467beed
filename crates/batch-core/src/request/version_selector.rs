use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Which version of a workflow a batch asks for. Resolved once, at submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum VersionSelector {
    /// The newest deployed version; where none is deployed, the draft.
    #[default]
    Newest,
    /// The deployed version with this number.
    Number(NonZeroU32),
    /// The draft.
    Draft,
}

impl fmt::Display for VersionSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("newest"),
            Self::Number(number) => number.fmt(f),
            Self::Draft => f.write_str("draft"),
        }
    }
}
