use std::time::Duration;

use jiff::Timestamp;

use super::{Claim, ClaimKey};
use crate::run::{Failure, Note, Output, RunState};

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settlement {
    /// The run, and the token it was claimed with.
    pub key: ClaimKey,
    /// When the executor began; `None` counts from the claim.
    pub started_at: Option<Timestamp>,
    /// What to record.
    pub disposition: Disposition,
}

impl Settlement {
    /// Spends a claim.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a claim is spent by settling it"
    )]
    pub const fn new(claim: Claim, disposition: Disposition) -> Self {
        Self {
            key: claim.key(),
            started_at: None,
            disposition,
        }
    }

    /// Records when the executor began.
    #[must_use]
    pub const fn started_at(mut self, at: Timestamp) -> Self {
        self.started_at = Some(at);
        self
    }
}

/// What to record of an attempt. The engine decides; storage applies.
///
/// On a run that was asked to stop, every disposition ends it as cancelled: what
/// its executor gave back after the cancel is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disposition {
    /// The run ends as processed.
    Processed {
        /// What the executor gave back.
        output: Option<Output>,
    },
    /// The run ends as failed.
    Failed {
        /// Why.
        failure: Failure,
        /// What the executor gave back all the same.
        output: Option<Output>,
    },
    /// The run waits for a person, who approves or rejects it. An attempt is counted.
    NeedsReview {
        /// Why.
        note: Note,
        /// What the executor gave back so far; it stays with the run.
        output: Option<Output>,
    },
    /// The attempt failed; the run waits and may then be claimed again.
    Retry {
        /// How long it waits, by the store's clock.
        after: Duration,
        /// Why.
        failure: Failure,
    },
    /// The run waits as before the claim; no attempt is counted.
    Released,
    /// The run waits and may then be claimed again; no attempt is counted.
    Snoozed {
        /// How long it waits, by the store's clock.
        after: Duration,
    },
}

impl Disposition {
    /// What the executor gave back, where it did.
    pub(crate) const fn output(&self) -> Option<&Output> {
        match self {
            Self::Processed { output }
            | Self::Failed { output, .. }
            | Self::NeedsReview { output, .. } => output.as_ref(),
            Self::Retry { .. } | Self::Released | Self::Snoozed { .. } => None,
        }
    }
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// It is recorded, and the run stands in this state.
    Applied(RunState),
    /// The claim is no longer current; nothing was changed.
    Stale,
}
