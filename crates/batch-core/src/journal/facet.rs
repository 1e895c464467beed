use std::fmt;

use serde::{Deserialize, Serialize};

/// Tells apart the events about a batch that come from one journal entry.
///
/// The events `batch.created` and `batch.finished` have none: they are what their entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Facet {
    /// That the batch has succeeded, beside that it has finished.
    Succeeded,
    /// That the batch was cancelled, beside that it has finished.
    Cancelled,
    /// How far the batch was, beside what happened to its runs.
    Progress,
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Cancelled, Self::Progress];

    /// The word that stands in the event's id.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Cancelled => "cancelled",
            Self::Progress => "progress",
        }
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
