use std::time::Duration;

use super::bucket::Bucket;
use crate::batch::Flow;
use crate::catalogue::{Workflow, WorkflowLimits};
use crate::time::Moment;

/// Claimers that a limit holds back are asked to come again after this at the latest: nothing
/// else tells them of a limit that was raised.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a workflow lets through.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Gate {
    flow: Flow,
    limits: WorkflowLimits,
    bucket: Bucket,
    /// The bucket as the store has it.
    kept: Bucket,
}

impl Gate {
    /// The gate of a workflow whose bucket was kept so.
    pub(super) fn of(workflow: &Workflow, kept: Option<i64>, now: Moment) -> Self {
        let read = |(kept, rate)| Bucket::from_wall(kept, rate, now);
        let bucket = kept
            .zip(workflow.limits.rate)
            .map_or_else(Bucket::default, read);
        Self {
            flow: workflow.flow,
            limits: workflow.limits,
            bucket,
            kept: bucket,
        }
    }

    /// The gate of a workflow that cannot be read: nothing of it is claimed.
    pub(super) fn shut() -> Self {
        Self {
            flow: Flow::Paused,
            ..Self::default()
        }
    }

    /// Lets through what the workflow now says. What was taken of its rate stays taken.
    pub(super) fn follow(&mut self, workflow: &Workflow, uptime: Duration) {
        if let Some(rate) = workflow.limits.rate {
            self.bucket = self.bucket.under(self.limits.rate, rate, uptime);
        }
        self.flow = workflow.flow;
        self.limits = workflow.limits;
    }

    /// Whether it holds anything back at times.
    pub(super) fn is_bounded(&self) -> bool {
        let WorkflowLimits {
            most_held, rate, ..
        } = self.limits;
        self.flow == Flow::Paused || most_held.is_some() || rate.is_some()
    }

    /// How many more runs may be claimed while so many are held.
    pub(super) fn room(&self, held: u32, uptime: Duration) -> u32 {
        if self.flow == Flow::Paused {
            return 0;
        }
        let tokens = self
            .limits
            .rate
            .map(|rate| self.bucket.tokens(rate, uptime));
        self.free(held).min(tokens.unwrap_or(u32::MAX))
    }

    /// Takes the tokens of so many runs.
    pub(super) fn take(&mut self, runs: u32, uptime: Duration) {
        if let Some(rate) = self.limits.rate {
            self.bucket = self.bucket.take(rate, runs, uptime);
        }
    }

    /// How long until it may let a run through that it holds back now; `None` where time alone
    /// changes nothing, or where it holds nothing back.
    pub(super) fn opens_in(&self, held: u32, uptime: Duration) -> Option<Duration> {
        if self.flow == Flow::Paused || self.room(held, uptime) > 0 {
            return None;
        }
        let rate = self.limits.rate.filter(|_| self.free(held) > 0);
        let token = rate.map(|rate| self.bucket.token_in(rate, uptime));
        Some(token.map_or(LOOK_AGAIN, |token| token.min(LOOK_AGAIN)))
    }

    /// What the store is to keep of the bucket, where it does not have it yet.
    pub(super) fn keep(&mut self, now: Moment) -> Option<i64> {
        if self.bucket == self.kept {
            return None;
        }
        self.kept = self.bucket;
        Some(self.bucket.to_wall(now))
    }

    /// How many more runs may be held.
    fn free(&self, held: u32) -> u32 {
        let most = self.limits.most_held;
        most.map_or(u32::MAX, |most| most.get().saturating_sub(held))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::catalogue::Rate;

    const SECOND: Duration = Duration::from_secs(1);

    fn limited(limits: WorkflowLimits) -> Gate {
        Gate {
            limits,
            ..Gate::default()
        }
    }

    fn number(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    #[test]
    fn a_bound_on_held_runs_is_looked_at_again_soon() {
        let gate = limited(WorkflowLimits::default().most_held(number(3)));
        assert_eq!((gate.room(1, SECOND), gate.room(5, SECOND)), (2, 0));
        assert_eq!(gate.opens_in(3, SECOND), Some(LOOK_AGAIN));
        assert_eq!(gate.opens_in(2, SECOND), None);
    }

    #[test]
    fn the_tighter_of_two_limits_counts() {
        let rate = Rate::new(number(4), SECOND);
        let gate = limited(WorkflowLimits::default().most_held(number(3)).rate(rate));
        assert_eq!((gate.room(0, SECOND), gate.room(2, SECOND)), (3, 1));
        let gate = limited(WorkflowLimits::default().most_held(number(9)).rate(rate));
        assert_eq!(gate.room(0, SECOND), 4);
    }

    #[test]
    fn a_token_that_is_far_off_is_looked_for_sooner_as_the_rate_may_be_raised() {
        let daily = Rate::new(number(1), SECOND * 86_400);
        let mut gate = limited(WorkflowLimits::default().rate(daily));
        gate.take(1, SECOND);
        assert_eq!(gate.opens_in(0, SECOND), Some(LOOK_AGAIN));
    }

    #[test]
    fn what_is_paused_lets_nothing_through_and_time_changes_nothing() {
        let gate = Gate::shut();
        assert_eq!(gate.room(0, SECOND), 0);
        assert_eq!(gate.opens_in(0, SECOND), None);
    }
}
