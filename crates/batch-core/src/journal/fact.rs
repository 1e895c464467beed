use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alike;
use crate::batch::{BatchState, Counts};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Attempt, Failure, Note, Reviewer, RunState, Verdict};

/// What happened to which runs of a batch. What a fact says never changes later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fact {
    /// The batch was stored, with all its runs.
    #[serde(rename = "c")]
    Created,
    /// Runs were claimed.
    #[serde(rename = "s")]
    Started(#[serde(with = "alike")] Vec<RunStart>),
    /// Attempts ended, and with them their runs.
    #[serde(rename = "e")]
    Ended(#[serde(with = "alike")] Vec<RunEnd>),
    /// Attempts failed, and their runs wait for another.
    #[serde(rename = "r")]
    Retrying(Vec<RunRetry>),
    /// Attempts ended, and their runs wait for a person.
    #[serde(rename = "v")]
    NeedsReview(Vec<RunInReview>),
    /// People answered, and with that these runs ended.
    #[serde(rename = "vd")]
    Reviewed(Vec<RunReviewed>),
    /// Runs were given back unfinished; no attempt was counted.
    #[serde(rename = "b")]
    Released(OrdinalSet),
    /// Runs were put back until later; no attempt was counted.
    #[serde(rename = "z")]
    Snoozed(Vec<RunSnooze>),
    /// The process that held these runs died, or their claims ran out.
    #[serde(rename = "i")]
    Interrupted(OrdinalSet),
    /// Held runs were asked to stop.
    #[serde(rename = "k")]
    Cancelling(OrdinalSet),
    /// All these waiting runs were cancelled with their batch.
    #[serde(rename = "w")]
    Swept(OrdinalSet),
    /// All these runs still waited when their batch expired, and ended as failed.
    #[serde(rename = "x")]
    Expired(OrdinalSet),
    /// The batch was paused, by itself or with its workflow: its waiting runs are not claimed.
    #[serde(rename = "p")]
    Paused,
    /// The batch was resumed, by itself or with its workflow, and neither is paused any more.
    #[serde(rename = "g")]
    Resumed,
    /// The label or the metadata of these runs was changed. May come after the end of the batch.
    #[serde(rename = "u")]
    Updated(OrdinalSet),
    /// These runs, which had ended, were deleted. May come after the end of the batch.
    #[serde(rename = "d")]
    Deleted(OrdinalSet),
    /// The batch was deleted, after its end. The last entry about it.
    #[serde(rename = "q")]
    BatchDeleted,
    /// Every run has ended. Comes once, after the entry of the last run.
    #[serde(rename = "f")]
    Finished {
        /// How they ended.
        #[serde(rename = "c")]
        counts: Counts,
        /// The state of the batch from now on.
        #[serde(rename = "s")]
        state: BatchState,
    },
}

impl Fact {
    /// Whether it is of the kinds that may come after the end of a batch. Those change nothing
    /// about where its runs stand.
    #[must_use]
    pub const fn is_afterword(&self) -> bool {
        matches!(
            self,
            Self::Updated(_) | Self::Deleted(_) | Self::BatchDeleted
        )
    }
}

/// One run that was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStart {
    /// The run's place.
    #[serde(rename = "o")]
    pub ordinal: Ordinal,
    /// The attempt it is in.
    #[serde(rename = "a")]
    pub attempt: Attempt,
}

/// How one run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnd {
    /// The run's place.
    #[serde(rename = "o")]
    pub ordinal: Ordinal,
    /// The attempt that was its last; `None` where it never began.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// How it ended.
    #[serde(rename = "s")]
    pub state: RunState,
    /// Why, where it failed.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// One failed attempt that is not the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRetry {
    /// The run's place.
    #[serde(rename = "o")]
    pub ordinal: Ordinal,
    /// The attempt that failed.
    #[serde(rename = "a")]
    pub attempt: Attempt,
    /// Why.
    #[serde(rename = "f")]
    pub failure: Failure,
    /// When the run may be claimed again.
    #[serde(rename = "d")]
    pub due_at: Timestamp,
}

/// One attempt whose executor asked for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInReview {
    /// The run's place.
    #[serde(rename = "o")]
    pub ordinal: Ordinal,
    /// The attempt.
    #[serde(rename = "a")]
    pub attempt: Attempt,
    /// Why.
    #[serde(rename = "n")]
    pub note: Note,
}

/// One run in review that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReviewed {
    /// The run's place.
    #[serde(rename = "o")]
    pub ordinal: Ordinal,
    /// The attempt that was its last.
    #[serde(rename = "a")]
    pub attempt: Attempt,
    /// What was said. [`Verdict::state`] is how the run ended.
    #[serde(rename = "v")]
    pub verdict: Verdict,
    /// What was added.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Who said it, where that was told.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<Reviewer>,
}

/// One run that was put back until later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSnooze {
    /// The run's place.
    #[serde(rename = "o")]
    pub ordinal: Ordinal,
    /// The attempt that it was in, and that it will be in again.
    #[serde(rename = "a")]
    pub attempt: Attempt,
    /// When the run may be claimed again.
    #[serde(rename = "d")]
    pub due_at: Timestamp,
}
