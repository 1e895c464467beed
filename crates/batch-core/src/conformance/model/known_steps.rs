use std::collections::BTreeMap;

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

    /// A run records a step; gives what it should be told. The first result of a name stays.
    pub(super) fn record(&mut self, run: RunId, name: &str, result: &str) -> StepReply {
        let known = self.0.entry(run).or_default();
        match known.iter().find(|(known, _)| known == name) {
            Some((_, first)) => StepReply::Known(step(name, first)),
            None => {
                known.push((name.to_owned(), result.to_owned()));
                StepReply::Recorded
            }
        }
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
