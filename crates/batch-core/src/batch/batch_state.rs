use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Counts;
use crate::id::InvalidId;

/// Where a batch stands, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BatchState {
    /// No run has been claimed yet.
    #[serde(rename = "PENDING")]
    Pending,
    /// Some runs have begun, and not all have ended.
    #[serde(rename = "PROCESSING")]
    Processing,
    /// Some runs wait for a person, and all others have ended: nothing happens until somebody
    /// answers.
    #[serde(rename = "NEEDS_REVIEW")]
    NeedsReview,
    /// Every run has ended, well or badly. Whether all ended well is another question:
    /// [`Counts::all_processed`].
    #[serde(rename = "PROCESSED")]
    Processed,
    /// It was cancelled, and some runs are still held.
    #[serde(rename = "CANCELLING")]
    Cancelling,
    /// It was cancelled, and every run has ended.
    #[serde(rename = "CANCELLED")]
    Cancelled,
}

/// Whether a batch was cancelled as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swept {
    No,
    Cancelled,
}

impl BatchState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Processing,
        Self::NeedsReview,
        Self::Processed,
        Self::Cancelling,
        Self::Cancelled,
    ];

    /// The state of a batch with these counts.
    pub(crate) const fn of(counts: &Counts, swept: Swept) -> Self {
        match (swept, counts.all_ended()) {
            (Swept::Cancelled, true) => Self::Cancelled,
            (Swept::Cancelled, false) => Self::Cancelling,
            (Swept::No, true) => Self::Processed,
            (Swept::No, false) if counts.pending == counts.total() => Self::Pending,
            (Swept::No, false) if counts.all_ended_or_in_review() => Self::NeedsReview,
            (Swept::No, false) => Self::Processing,
        }
    }

    /// Whether every run has ended.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Processed | Self::Cancelled)
    }

    /// The state as a stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Processing => "PROCESSING",
            Self::NeedsReview => "NEEDS_REVIEW",
            Self::Processed => "PROCESSED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for BatchState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for BatchState {
    type Err = InvalidId;

    /// Reads a state in any case, with `_` or `-`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wanted = text.to_ascii_uppercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == wanted)
            .ok_or_else(|| {
                let all = Self::ALL.map(Self::as_str).join(", ");
                InvalidId::new("batch state", text, format!("it is none of {all}"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_pending_until_its_first_claim_and_processed_after_its_last_end() {
        let mut counts = Counts {
            pending: 2,
            ..Counts::default()
        };
        assert_eq!(BatchState::of(&counts, Swept::No), BatchState::Pending);
        counts = Counts {
            pending: 1,
            processing: 1,
            ..Counts::default()
        };
        assert_eq!(BatchState::of(&counts, Swept::No), BatchState::Processing);
        counts = Counts {
            processed: 1,
            failed: 1,
            ..Counts::default()
        };
        assert_eq!(BatchState::of(&counts, Swept::No), BatchState::Processed);
    }

    #[test]
    fn a_batch_needs_review_once_only_people_can_bring_it_on() {
        let mut counts = Counts {
            needs_review: 1,
            processed: 1,
            processing: 1,
            ..Counts::default()
        };
        assert_eq!(BatchState::of(&counts, Swept::No), BatchState::Processing);
        counts.processing = 0;
        let state = BatchState::of(&counts, Swept::No);
        assert_eq!(state, BatchState::NeedsReview);
        assert!(!state.is_finished());
        assert_eq!("needs-review".parse(), Ok(state));
    }

    #[test]
    fn a_cancelled_batch_is_cancelling_while_a_run_is_held() {
        let counts = Counts {
            cancelling: 1,
            cancelled: 1,
            ..Counts::default()
        };
        let state = BatchState::of(&counts, Swept::Cancelled);
        assert_eq!(state, BatchState::Cancelling);
    }
}
