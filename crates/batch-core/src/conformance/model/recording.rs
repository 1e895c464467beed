use super::expected::Expected;
use crate::conformance::sample::step;
use crate::conformance::yard::Yard;
use crate::storage::StepReply;

/// Steps, recorded by those who may and by those who may not.
impl Expected {
    /// A holder records a step. Each would record another result.
    pub(super) async fn record(&mut self, yard: &Yard, which: usize, name: u8) {
        if self.held.is_empty() {
            return;
        }
        let key = self.held[which % self.held.len()].run.claim.key();
        let (name, result) = (format!("step {name}"), format!("{:?}", key.token));
        let reply = yard.record(key, step(&name, &result)).await;
        assert_eq!(reply, self.steps.record(key.run, &name, &result));
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
