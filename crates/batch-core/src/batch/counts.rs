use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::run::RunState;

/// How many runs stand where. Always equal to a recount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Wait to be claimed.
    #[serde(default)]
    pub pending: u64,
    /// Are held by an executor.
    #[serde(default)]
    pub processing: u64,
    /// Are held and were asked to stop.
    #[serde(default)]
    pub cancelling: u64,
    /// Wait for a person.
    #[serde(default)]
    pub needs_review: u64,
    /// Ended well.
    #[serde(default)]
    pub processed: u64,
    /// Ended with a failure.
    #[serde(default)]
    pub failed: u64,
    /// Were cancelled.
    #[serde(default)]
    pub cancelled: u64,
    /// Were refused by a person.
    #[serde(default)]
    pub rejected: u64,
}

impl Counts {
    /// All runs.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.pending + self.processing + self.cancelling + self.needs_review + self.ended()
    }

    /// Runs that have ended, however they ended.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.processed + self.failed + self.cancelled + self.rejected
    }

    /// Whether every run has ended.
    #[must_use]
    pub const fn all_ended(&self) -> bool {
        self.ended() == self.total()
    }

    /// Whether every run has ended or waits for a person.
    #[must_use]
    pub const fn all_ended_or_in_review(&self) -> bool {
        self.ended() + self.needs_review == self.total()
    }

    /// Whether every run has ended, and every one of them well.
    #[must_use]
    pub const fn all_processed(&self) -> bool {
        self.processed == self.total()
    }

    /// How many runs stand in this state.
    #[must_use]
    pub const fn of(&self, state: RunState) -> u64 {
        match state {
            RunState::Pending => self.pending,
            RunState::Processing => self.processing,
            RunState::Cancelling => self.cancelling,
            RunState::NeedsReview => self.needs_review,
            RunState::Processed => self.processed,
            RunState::Failed => self.failed,
            RunState::Cancelled => self.cancelled,
            RunState::Rejected => self.rejected,
        }
    }

    /// The place where runs of this state are counted.
    pub fn of_mut(&mut self, state: RunState) -> &mut u64 {
        match state {
            RunState::Pending => &mut self.pending,
            RunState::Processing => &mut self.processing,
            RunState::Cancelling => &mut self.cancelling,
            RunState::NeedsReview => &mut self.needs_review,
            RunState::Processed => &mut self.processed,
            RunState::Failed => &mut self.failed,
            RunState::Cancelled => &mut self.cancelled,
            RunState::Rejected => &mut self.rejected,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for state in RunState::ALL {
            *self.of_mut(state) += other.of(state);
        }
    }
}

impl fmt::Display for Counts {
    /// `98 processed, 2 failed`: what ended first, zeros left out but for these two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} processed, {} failed", self.processed, self.failed)?;
        let rest = [
            (self.cancelled, "cancelled"),
            (self.rejected, "rejected"),
            (self.needs_review, "in review"),
            (self.cancelling, "cancelling"),
            (self.processing, "processing"),
            (self.pending, "pending"),
        ];
        rest.iter()
            .filter(|(count, _)| *count > 0)
            .try_for_each(|(count, word)| write!(f, ", {count} {word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_count_of_its_own() {
        let mut counts = Counts::default();
        for (n, state) in (1..).zip(RunState::ALL) {
            *counts.of_mut(state) = n;
        }
        assert_eq!(counts.total(), (1..=8).sum::<u64>());
        for (n, state) in (1..).zip(RunState::ALL) {
            assert_eq!(counts.of(state), n);
        }
    }

    #[test]
    fn it_is_written_with_the_names_that_it_has() {
        let counts = Counts {
            processed: 3,
            ..Counts::default()
        };
        let json = serde_json::to_value(counts).unwrap();
        assert_eq!(
            (json["processed"].as_u64(), json["pending"].as_u64()),
            (Some(3), Some(0))
        );
    }

    #[test]
    fn it_prints_what_a_person_asks_first() {
        let counts = Counts {
            processed: 98,
            failed: 2,
            pending: 3,
            ..Counts::default()
        };
        assert_eq!(counts.to_string(), "98 processed, 2 failed, 3 pending");
    }
}
