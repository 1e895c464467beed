use std::sync::Arc;

use super::Machine;
use crate::batch::BatchState;
use crate::id::{BatchId, RunId};
use crate::journal::Fact;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{BatchEnd, OutputPlace, Tidy, swept, timestamp};
use crate::kv::stage::Stage;
use crate::ordinal::Ordinal;
use crate::run::{Failure, Output, RunState};
use crate::time::Moment;

/// Whether a held run was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedToStop {
    Yes,
    No,
}

/// How a run ends.
#[derive(Debug)]
pub(super) struct End {
    pub state: RunState,
    /// How many attempts have ended with it.
    pub attempts: u32,
    pub started_at: Option<i64>,
    pub failure: Option<Failure>,
    pub output: Option<Output>,
    /// How many values its secrets span; they go with this commit.
    pub secret_parts: u16,
    /// How many values its steps span; they go too.
    pub step_parts: u16,
}

/// Keeps an output: a small one in the run's record, others under keys of their own.
pub(super) fn place<K: OrderedKv>(
    stage: &mut Stage<K>,
    id: BatchId,
    ordinal: Ordinal,
    output: &Output,
) -> OutputPlace {
    let json = output.as_json();
    if json.len() <= OutputPlace::INLINE_BYTES {
        return OutputPlace::Inline(json.to_owned());
    }
    stage.put(&key::output(id, ordinal), json.as_bytes(), 0);
    OutputPlace::Apart
}

/// The changes that several operations share. None of them can fail.
impl<K: OrderedKv> Machine<K> {
    /// Takes a run out of all that says it is held; tells whether it was asked to stop.
    pub(super) fn let_go(&mut self, id: BatchId, ordinal: Ordinal) -> AskedToStop {
        let run = RunId::new(id, ordinal);
        self.quarantined.remove(&run);
        let Some(batch) = self.change(id) else {
            return AskedToStop::No;
        };
        batch.record.held.remove(ordinal);
        let asked = match batch.record.cancelling.remove(ordinal) {
            true => AskedToStop::Yes,
            false => AskedToStop::No,
        };
        let held = batch.claims.remove(ordinal);
        let header = Arc::clone(&batch.header);
        if let Some(held) = held {
            self.leases.remove(held.expires, run);
            self.schedule.let_go(&header, 1);
        }
        asked
    }

    /// Records the end of a run that is in none of its batch's sets any more. Its page must be open.
    pub(super) fn end_run(&mut self, id: BatchId, ordinal: Ordinal, end: End, now: Moment) {
        let output = end.output;
        let output = output.map(|output| place(&mut self.stage, id, ordinal, &output));
        let record = self.change_record(id, ordinal);
        record.end = Some(end.state);
        record.attempts = end.attempts;
        record.started_at = end.started_at.or(record.started_at);
        // A clock that was set back makes no run end before it began.
        let began = record.started_at.unwrap_or(i64::MIN);
        record.ended_at = Some(Self::millis(now).max(began));
        record.due_at = None;
        record.failure = end.failure;
        // What a run gave back when it went into review stays with it, whatever follows.
        record.output = output.or(record.output.take());
        record.steps = 0;
        let Some(batch) = self.change(id) else {
            return;
        };
        *batch.record.ended.of_mut(end.state) += 1;
        batch.record.stepped.remove(ordinal);
        if end.step_parts > 0 {
            self.stage.delete(&key::steps(id, ordinal), end.step_parts);
        }
        if end.secret_parts > 0 {
            self.stage
                .delete(&key::secrets(id, ordinal), end.secret_parts);
        }
    }

    /// Ends a batch all of whose runs have ended; does nothing to any other.
    pub(super) fn finish_if_done(&mut self, id: BatchId, now: Moment) {
        let Some(batch) = self.live.get(&id).filter(|b| b.is_finished()) else {
            self.reschedule(id);
            return;
        };
        let counts = batch.counts();
        let state = BatchState::of(&counts, swept(&batch.record.sweeps));
        let sequence = self.note(id, Fact::Finished { counts, state });
        self.set_due(id, None);
        self.disarm_release(id);
        self.change(id);
        let Some(batch) = self.live.remove(&id) else {
            return;
        };
        self.ahead.forget(id);
        self.pages.forget(id);
        self.live_runs -= u64::from(batch.header.total);
        self.schedule.retire(id, &batch.header);
        self.suspects.remove(&id);
        self.waiting -= batch.counted;
        if let Some(at) = batch.header.expires_at {
            self.expiries.remove(&(at, id));
        }
        let at = Self::millis(now).max(batch.header.created_at);
        let mut header = (*batch.header).clone();
        let leaves_secrets = header.with_secrets > 0 && !batch.record.sweeps.is_empty();
        let leaves_steps = !batch.record.stepped.is_empty();
        header.end = Some(BatchEnd {
            at,
            sequence,
            counts,
            sweeps: batch.record.sweeps,
            deleted: batch.record.deleted,
            last: None,
        });
        self.stage
            .put_record(&key::header(id), &header, batch.header_parts);
        self.stage.delete(&key::live(id), batch.record_parts);
        self.stage.put(&key::finished(timestamp(at), id), &[], 0);
        self.change_head().live -= 1;
        if leaves_secrets || leaves_steps {
            self.begin_tidy(id, Tidy::Secrets);
        }
    }
}
