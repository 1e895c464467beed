use std::fmt;

use serde::{Deserialize, Serialize};

use super::RunState;

/// What a person says of a run in review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// It is right: the run ends as processed.
    #[serde(rename = "a")]
    Approved,
    /// It is wrong: the run ends as rejected.
    #[serde(rename = "r")]
    Rejected,
}

impl Verdict {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Approved, Self::Rejected];

    /// How a run ends by it.
    #[must_use]
    pub const fn state(self) -> RunState {
        match self {
            Self::Approved => RunState::Processed,
            Self::Rejected => RunState::Rejected,
        }
    }

    /// The verdict that a run in review ended by; `None` where it ended without one.
    pub(crate) fn of(state: RunState) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.state() == state)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_known_by_the_end_it_makes_and_a_cancel_is_none() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::of(verdict.state()), Some(verdict));
        }
        assert_eq!(Verdict::of(RunState::Cancelled), None);
    }
}
