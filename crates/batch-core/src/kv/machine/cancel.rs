use super::Machine;
use super::apply::End;
use crate::batch::Swept;
use crate::id::{BatchId, RunId};
use crate::journal::{Fact, RunEnd};
use crate::kv::OrderedKv;
use crate::kv::record::{Sweep, SweepKind, swept};
use crate::run::{Attempt, RunState};
use crate::storage::{CancelReply, CancelTarget, StorageError};
use crate::time::Moment;

impl<K: OrderedKv> Machine<K> {
    /// Cancels a run or a batch.
    pub(in crate::kv) fn cancel(
        &mut self,
        target: CancelTarget,
        now: Moment,
    ) -> Result<CancelReply, StorageError> {
        self.check_writable("cancel")?;
        match target {
            CancelTarget::Run(run) => self.cancel_run(run, now),
            CancelTarget::Batch(batch) => self.cancel_batch(batch, now),
        }
    }

    /// One sweep ends all waiting runs, whatever their number.
    fn cancel_batch(&mut self, id: BatchId, now: Moment) -> Result<CancelReply, StorageError> {
        if !self.live.contains_key(&id) {
            return Ok(match self.header(id)? {
                Some(_) => CancelReply::BatchFinished,
                None => CancelReply::NotFound,
            });
        }
        let at = Self::millis(now);
        self.set_due(id, None);
        self.disarm_release(id);
        let Some(batch) = self.change(id) else {
            return Ok(CancelReply::NotFound);
        };
        let waiting = batch.record.take_waiting();
        let mut asked = batch.record.held.clone();
        for ordinal in batch.record.cancelling.iter() {
            asked.remove(ordinal);
        }
        batch.record.cancelling = batch.record.held.clone();
        batch.record.ended.cancelled += u64::from(waiting.len());
        let repeated = swept(&batch.record.sweeps) == Swept::Cancelled;
        if !(repeated && waiting.is_empty()) {
            let sequence = self.note(id, Fact::Swept(waiting.clone()));
            if let Some(batch) = self.change(id) {
                batch.record.sweeps.push(Sweep {
                    at,
                    sequence,
                    kind: SweepKind::Cancelled,
                    ordinals: waiting,
                });
            }
        }
        if !asked.is_empty() {
            self.note(id, Fact::Cancelling(asked));
        }
        self.finish_if_done(id, now);
        Ok(match self.live.contains_key(&id) {
            true => CancelReply::Cancelling,
            false => CancelReply::Cancelled,
        })
    }

    fn cancel_run(&mut self, run: RunId, now: Moment) -> Result<CancelReply, StorageError> {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let state = match self.view_run(run)? {
            None => return Ok(CancelReply::NotFound),
            Some(run) => run.state,
        };
        match state {
            RunState::Processing => {
                if let Some(batch) = self.change(id) {
                    batch.record.cancelling.insert(ordinal);
                }
                self.note(id, Fact::Cancelling(std::iter::once(ordinal).collect()));
                Ok(CancelReply::Cancelling)
            }
            RunState::Cancelling => Ok(CancelReply::Cancelling),
            RunState::Pending | RunState::NeedsReview => {
                self.cancel_waiting(run, now)?;
                Ok(CancelReply::Cancelled)
            }
            ended => Ok(CancelReply::RunEnded(ended)),
        }
    }

    fn cancel_waiting(&mut self, run: RunId, now: Moment) -> Result<(), StorageError> {
        let (id, ordinal) = (run.batch(), run.ordinal());
        self.open_page(id, ordinal)?;
        let secret_parts = self.read_secrets(id, ordinal)?.parts;
        let step_parts = self.step_parts(id, ordinal)?;
        let record = self.opened(id, ordinal).cloned().unwrap_or_default();
        if let Some(batch) = self.change(id) {
            batch.record.remove_waiting(ordinal);
        }
        let end = End {
            state: RunState::Cancelled,
            attempts: record.attempts,
            started_at: record.started_at,
            failure: record.failure,
            output: None,
            secret_parts,
            step_parts,
        };
        self.end_run(id, ordinal, end, now);
        self.note(
            id,
            Fact::Ended(vec![RunEnd {
                ordinal,
                attempt: record.attempts.checked_sub(1).map(Attempt::after),
                state: RunState::Cancelled,
                failure: None,
            }]),
        );
        self.finish_if_done(id, now);
        Ok(())
    }
}
