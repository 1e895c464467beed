use std::time::Duration;

use super::Machine;
use super::live_batch::Held;
use crate::id::RunId;
use crate::journal::RunSnooze;
use crate::kv::OrderedKv;
use crate::kv::record::timestamp;
use crate::run::Attempt;
use crate::time::Moment;

/// Putting a run back until later.
impl<K: OrderedKv> Machine<K> {
    /// Lets a run wait for its time, and counts that and no attempt. Its page must be open.
    pub(super) fn snooze(
        &mut self,
        run: RunId,
        held: Held,
        started_at: i64,
        after: Duration,
        now: Moment,
    ) -> RunSnooze {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let record = self.change_record(id, ordinal);
        record.snoozes = record.snoozes.saturating_add(1);
        record.started_at = Some(started_at);
        let due_at = self.wait_for(run, after, now);
        RunSnooze {
            ordinal,
            attempt: Attempt::after(held.attempts),
            due_at: timestamp(due_at),
        }
    }

    /// Puts a run that nobody holds among those that wait for their time; gives that time.
    pub(super) fn wait_for(&mut self, run: RunId, after: Duration, now: Moment) -> i64 {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let wait = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let due_at = Self::millis(now).saturating_add(wait);
        self.change_record(id, ordinal).due_at = Some(due_at);
        let earliest = self.live.get(&id).and_then(|batch| batch.record.due_at);
        self.set_due(id, Some(earliest.map_or(due_at, |e| e.min(due_at))));
        if let Some(batch) = self.change(id) {
            batch.record.delayed.insert(ordinal);
        }
        due_at
    }
}
