use std::collections::BTreeMap;

use super::expected::Expected;
use crate::conformance::sample::step;
use crate::conformance::yard::Yard;
use crate::id::RunId;
use crate::run::{Run, RunState};
use crate::storage::StepReply;

/// What runs should have recorded: names with results, in the order of recording.
#[derive(Debug, Default)]
pub(super) struct KnownSteps(BTreeMap<RunId, Vec<(String, String)>>);

impl KnownSteps {
    pub(super) fn of(&self, run: RunId) -> &[(String, String)] {
        self.0.get(&run).map_or(&[], Vec::as_slice)
    }

    /// A run that has ended or is in review has none; of others the store knows all.
    pub(super) async fn compare(&self, yard: &Yard, run: &Run) {
        let in_review = run.state == RunState::NeedsReview;
        let expected = match in_review || run.state.is_ended() {
            true => &[],
            false => self.of(run.id),
        };
        assert_eq!(run.steps as usize, expected.len(), "{}", run.id);
        if self.0.contains_key(&run.id) {
            assert_eq!(yard.steps(run.id).await, expected, "{}", run.id);
        }
    }
}

impl Expected {
    /// A holder records a step. Each would record another result: the first one stays.
    pub(super) async fn record(&mut self, yard: &Yard, which: usize, name: u8) {
        if self.held.is_empty() {
            return;
        }
        let key = self.held[which % self.held.len()].run.claim.key();
        let (name, result) = (format!("step {name}"), format!("{:?}", key.token));
        let reply = yard.record(key, step(&name, &result)).await;
        let known = self.steps.0.entry(key.run).or_default();
        match known.iter().find(|(known, _)| *known == name) {
            Some((_, first)) => assert_eq!(reply, StepReply::Known(step(&name, first))),
            None => {
                assert_eq!(reply, StepReply::Recorded);
                known.push((name, result));
            }
        }
    }

    /// Somebody records who holds nothing any more.
    pub(super) async fn record_late(&self, yard: &Yard, which: usize) {
        if !self.spent.is_empty() {
            let key = self.spent[which % self.spent.len()].claim.key();
            let reply = yard.record(key, step("late", "late")).await;
            assert_eq!(reply, StepReply::Stale);
        }
    }
}
