use std::time::Duration;

use crate::run::{Failure, Run, RunState, Verdict};
use crate::storage::{ClaimedRun, ReviewReply};

/// A run interrupted this often executes in quarantine.
pub(super) const SUSPECT_AFTER: u32 = 2;
/// A run interrupted this often executes alone.
const ALONE_AFTER: u32 = 5;

/// What the model knows of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) state: RunState,
    pub(super) attempts: u32,
    pub(super) interruptions: u32,
    pub(super) snoozes: u32,
    /// The uptime before which it must not be claimed.
    pub(super) due: Duration,
    /// What a person answered.
    pub(super) verdict: Option<Verdict>,
    pub(super) deleted: bool,
    /// What the last update said.
    pub(super) tag: Option<u8>,
}

impl Known {
    pub(super) const NEW: Self = Self {
        state: RunState::Pending,
        attempts: 0,
        interruptions: 0,
        snoozes: 0,
        due: Duration::ZERO,
        verdict: None,
        deleted: false,
        tag: None,
    };

    pub(super) fn is_suspect(&self) -> bool {
        self.interruptions >= SUSPECT_AFTER
    }

    /// How many runs may be held together with it, itself included.
    pub(super) fn company(&self) -> usize {
        match self.interruptions {
            0..SUSPECT_AFTER => usize::MAX,
            ALONE_AFTER.. => 1,
            times => 8 >> (times - SUSPECT_AFTER),
        }
    }

    /// Its holder is gone: the rule of the contract.
    pub(super) fn interrupt(&mut self) {
        let alone = self.interruptions >= ALONE_AFTER;
        self.interruptions += 1;
        self.state = match self.state {
            RunState::Cancelling => RunState::Cancelled,
            _ if alone => RunState::Failed,
            _ => RunState::Pending,
        };
    }

    /// Somebody answers its review, if it is in one.
    pub(super) fn review(&mut self, verdict: Verdict) -> ReviewReply {
        match self.state {
            _ if self.deleted => ReviewReply::NotFound,
            RunState::NeedsReview => {
                self.state = verdict.state();
                self.verdict = Some(verdict);
                ReviewReply::Recorded
            }
            _ if self.verdict == Some(verdict) => ReviewReply::Repeated,
            other => ReviewReply::NotInReview(other),
        }
    }

    /// The store says the same of it.
    pub(super) fn compare(&self, run: &Run) {
        assert_eq!(run.state, self.state, "{}", run.id);
        assert!(!self.deleted, "{} was deleted", run.id);
        let tag = run.metadata.to_map().get("tag").cloned();
        assert_eq!(tag, self.tag.map(Into::into), "{}", run.id);
        assert_eq!(run.attempts, self.attempts, "{}", run.id);
        assert_eq!(run.interruptions, self.interruptions, "{}", run.id);
        assert_eq!(run.snoozes, self.snoozes, "{}", run.id);
        assert_eq!(run.ended_at.is_some(), self.state.is_ended(), "{run:?}");
        let answer = run
            .review
            .as_ref()
            .and_then(|review| review.answer.as_ref());
        assert_eq!(answer.map(|answer| answer.verdict), self.verdict);
        let reason = run.failure.as_ref().map(Failure::reason);
        let crashed = self.state == RunState::Failed && self.interruptions > 5;
        assert!(!crashed || reason == Some(Failure::CRASHED) || reason == Some("X"));
    }

    /// Somebody cancels it.
    pub(super) fn cancel(&mut self) {
        self.state = match self.state {
            RunState::Pending | RunState::NeedsReview => RunState::Cancelled,
            RunState::Processing => RunState::Cancelling,
            other => other,
        };
    }
}

/// A claim that somebody holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) run: ClaimedRun,
    /// The uptime at which it runs out.
    pub(super) expires: Duration,
}
