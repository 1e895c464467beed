use super::Machine;
use crate::id::{BatchId, RunId};
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::ordinal::Ordinal;
use crate::run::{RunState, Step, Steps};
use crate::storage::{ClaimKey, ErrorKind, StepReply, StorageError};

/// What runs record of their steps. A run that records none costs nothing here.
impl<K: OrderedKv> Machine<K> {
    /// Records a step of a held run.
    ///
    /// All steps of a run are one record, written anew with each: they are few and small, and go
    /// with one delete.
    pub(in crate::kv) fn record_step(
        &mut self,
        claim: ClaimKey,
        step: Step,
    ) -> Result<StepReply, StorageError> {
        self.check_writable("record a step")?;
        let Some(held) = self.current(claim) else {
            return Ok(StepReply::Stale);
        };
        let (id, ordinal) = (claim.run.batch(), claim.run.ordinal());
        self.open_page(id, ordinal)?;
        let mut steps = match held.step_parts {
            0 => Steps::default(),
            _ => self.read_steps(claim.run)?,
        };
        if let Some(known) = steps.get(step.name()) {
            return Ok(StepReply::Known(known.clone()));
        }
        if let Err(full) = steps.add(step) {
            return Ok(StepReply::Refused(full));
        }
        let key = key::steps(id, ordinal);
        let parts = self.stage.put_record(&key, &steps, held.step_parts);
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        self.change_record(id, ordinal).steps = count;
        if let Some(batch) = self.change(id) {
            batch.record.stepped.insert(ordinal);
            if let Some(held) = batch.claims.get_mut(ordinal) {
                held.step_parts = parts;
            }
        }
        Ok(StepReply::Recorded)
    }

    /// How many values the steps of a run span. Its page must be open.
    ///
    /// Read and not recorded: a copy of the store may cut them anew.
    pub(super) fn step_parts(&self, id: BatchId, ordinal: Ordinal) -> Result<u16, StorageError> {
        match self.opened(id, ordinal).map_or(0, |record| record.steps) {
            0 => Ok(0),
            _ => match self.stage.parts(&key::steps(id, ordinal))? {
                0 => Err(missing(RunId::new(id, ordinal))),
                parts => Ok(parts),
            },
        }
    }

    /// Deletes what a run has recorded: nobody executes it again. Its page must be open.
    pub(super) fn drop_steps(&mut self, run: RunId, parts: u16) {
        let (id, ordinal) = (run.batch(), run.ordinal());
        if parts > 0 {
            self.change_record(id, ordinal).steps = 0;
            self.stage.delete(&key::steps(id, ordinal), parts);
        }
        if let Some(batch) = self.change(id) {
            batch.record.stepped.remove(ordinal);
        }
    }

    /// Reads what a run has recorded, while it has not ended.
    pub(in crate::kv) fn steps(&self, run: RunId) -> Result<Steps, StorageError> {
        let ordinal = run.ordinal();
        let lives = self.live.get(&run.batch()).is_some_and(|batch| {
            let state = batch.state(ordinal);
            let goes_on = state.is_some_and(|state: RunState| !state.is_ended());
            goes_on && batch.record.stepped.contains(ordinal)
        });
        match lives {
            true => self.read_steps(run),
            false => Ok(Steps::default()),
        }
    }

    fn read_steps(&self, run: RunId) -> Result<Steps, StorageError> {
        let key = key::steps(run.batch(), run.ordinal());
        let what = || format!("the steps of {run}");
        let steps = self.stage.get_record(&key, what)?;
        steps.ok_or_else(|| missing(run))
    }
}

fn missing(run: RunId) -> StorageError {
    let text = format!("the steps of {run} are missing");
    StorageError::new(ErrorKind::Damaged, text)
}
