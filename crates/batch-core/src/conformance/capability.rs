use std::fmt;

use serde::{Deserialize, Serialize};

/// What a case needs of a store beyond the trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// The clock that the store reads can be moved.
    Time,
    /// What was acknowledged is there when the store is opened again.
    Durable,
    /// One process holds the store alone, so that opening it voids every claim.
    Exclusive,
    /// Commits can be made to fail.
    Faults,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "time",
            Self::Durable => "durable",
            Self::Exclusive => "exclusive",
            Self::Faults => "faults",
        })
    }
}

/// Whether a suite has a capability, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Which one.
    pub capability: Capability,
    /// Why it is lacking; `None` where it is there.
    pub lacking: Option<String>,
}
