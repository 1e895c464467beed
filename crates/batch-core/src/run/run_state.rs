use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::InvalidId;

/// Where a run stands.
///
/// ```text
/// Pending ──► Processing ──► Processed
///    ▲  │         │  │  └──► Failed
///    │  │         │  └─────► NeedsReview ──► Processed | Rejected
///    │  │         ▼
///    │  │     Cancelling ──► Cancelled
///    │  └───────────────────────▲
///    └── Processing (retry, given back, interrupted)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RunState {
    /// Waits to be claimed, for the first time or again.
    #[serde(rename = "PENDING")]
    Pending,
    /// A dispatcher has claimed it: an executor performs it, or will soon.
    #[serde(rename = "PROCESSING")]
    Processing,
    /// A dispatcher has claimed it and has been asked to stop it.
    #[serde(rename = "CANCELLING")]
    Cancelling,
    /// Its executor is done and asked for a person, whom it waits for. Nobody holds it.
    #[serde(rename = "NEEDS_REVIEW")]
    NeedsReview,
    /// Ended well.
    #[serde(rename = "PROCESSED")]
    Processed,
    /// Ended with a failure.
    #[serde(rename = "FAILED")]
    Failed,
    /// Ended because someone cancelled it.
    #[serde(rename = "CANCELLED")]
    Cancelled,
    /// Ended because a person refused it.
    #[serde(rename = "REJECTED")]
    Rejected,
}

impl RunState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Processing,
        Self::Cancelling,
        Self::NeedsReview,
        Self::Processed,
        Self::Failed,
        Self::Cancelled,
        Self::Rejected,
    ];

    /// Whether the run has ended: it never changes again.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(
            self,
            Self::Processed | Self::Failed | Self::Cancelled | Self::Rejected
        )
    }

    /// The state as it is stored, and as the public API of Extend writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Processing => "PROCESSING",
            Self::Cancelling => "CANCELLING",
            Self::NeedsReview => "NEEDS_REVIEW",
            Self::Processed => "PROCESSED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Rejected => "REJECTED",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RunState {
    type Err = InvalidId;

    /// Reads a state in any case, with `_` or `-`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wanted = text.to_ascii_uppercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == wanted)
            .ok_or_else(|| {
                let all = Self::ALL.map(Self::as_str).join(", ");
                InvalidId::new("run state", text, format!("it is none of {all}"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_state_parses_back_in_any_case() {
        for state in RunState::ALL {
            assert_eq!(state.to_string().parse(), Ok(state));
            let small = state.to_string().to_lowercase().replace('_', "-");
            assert_eq!(small.parse(), Ok(state));
        }
    }
}
