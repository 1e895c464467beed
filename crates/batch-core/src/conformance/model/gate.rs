use std::time::Duration;

use crate::batch::Flow;
use crate::catalogue::{Rate, Workflow, WorkflowLimits};
use crate::conformance::sample::workflow;
use crate::conformance::yard::Yard;
use crate::storage::{WorkflowChange, WorkflowReply};

/// Wall times may be kept to the millisecond.
const TOLERANCE: Duration = Duration::from_millis(2);

/// What the model knows of the workflow: what is set, and what was granted under it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    flow: Flow,
    limits: WorkflowLimits,
    /// How many runs were granted when, since the rate was set.
    granted: Vec<(Duration, u32)>,
    /// When the rate was set or a run was granted last.
    since: Option<Duration>,
}

impl Gate {
    pub(super) async fn set_flow(&mut self, yard: &Yard, flow: Flow) {
        self.flow = flow;
        self.change(yard, WorkflowChange::SetFlow(flow)).await;
    }

    pub(super) async fn limit(&mut self, yard: &Yard, limits: WorkflowLimits, now: Duration) {
        if self.limits.rate != limits.rate {
            self.granted.clear();
            self.since = Some(now);
        }
        self.limits = limits;
        self.change(yard, WorkflowChange::SetLimits(limits)).await;
    }

    async fn change(&self, yard: &Yard, change: WorkflowChange) {
        let reply = yard.storage().change_workflow(workflow(), change).await;
        match reply.unwrap() {
            WorkflowReply::Changed(workflow) => self.compare(&workflow),
            other => panic!("{other:?}"),
        }
    }

    /// The store says of the workflow what is known here.
    fn compare(&self, workflow: &Workflow) {
        assert_eq!(workflow.flow, self.flow);
        assert_eq!(workflow.limits, self.limits);
    }

    /// Whether it lets at least one run through, for certain.
    pub(super) fn is_open(&self, held: usize, now: Duration) -> bool {
        let most = self.limits.most_held;
        let free = most.is_none_or(|most| held < most.get() as usize);
        let token = self.limits.rate.zip(self.since).is_none_or(|(rate, at)| {
            let one = rate.per() / rate.runs().get();
            now >= at + one + TOLERANCE
        });
        self.flow == Flow::Going && free && token
    }

    /// Notes a grant, which must be one that it lets through.
    pub(super) fn grant(&mut self, runs: u32, held: usize, now: Duration) {
        if runs == 0 {
            return;
        }
        assert_eq!(self.flow, Flow::Going, "its workflow is paused");
        if let Some(most) = self.limits.most_held {
            let all = held + runs as usize;
            assert!(all <= most.get() as usize, "{all} held of {most}");
        }
        self.granted.push((now, runs));
        self.since = Some(now);
        if let Some(rate) = self.limits.rate {
            self.check_rate(rate, now);
        }
    }

    /// In no stretch of time more than one bucket and what has flowed in meanwhile.
    fn check_rate(&self, rate: Rate, now: Duration) {
        let mut granted = 0;
        let bucket = u128::from(rate.runs().get());
        for (at, runs) in self.granted.iter().rev() {
            granted += u128::from(*runs);
            let flown = (now - *at + TOLERANCE).as_nanos() * bucket / rate.per().as_nanos();
            let most = bucket + flown;
            assert!(granted <= most, "{granted} since {at:?}, at most {most}");
        }
    }
}
