use super::Machine;
use crate::id::{BatchId, RunId};
use crate::journal::{Fact, Sequence};
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{BatchHeader, OutputPlace, RunRecord, decode, timestamp};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::storage::{DeleteReply, DeleteTarget, ErrorKind, StorageError};
use crate::time::Moment;
use crate::valid::ValidInput;

/// A finished batch whose header is to be written again.
pub(super) struct Finished {
    header: BatchHeader,
    /// How many values the stored header spans.
    parts: u16,
}

impl<K: OrderedKv> Machine<K> {
    /// Deletes a finished batch, or a run that has ended.
    pub(in crate::kv) fn delete(
        &mut self,
        target: DeleteTarget,
        now: Moment,
    ) -> Result<DeleteReply, StorageError> {
        self.check_writable("delete")?;
        match target {
            DeleteTarget::Run(run) => self.delete_run(run),
            DeleteTarget::Batch(batch) => self.delete_batch(batch, now),
        }
    }

    /// Makes a batch unreachable. What it leaves is deleted in steps; its header stays under a
    /// key of its own for as long as a sink may have to tell of it.
    fn delete_batch(&mut self, id: BatchId, now: Moment) -> Result<DeleteReply, StorageError> {
        if self.live.contains_key(&id) {
            return Ok(DeleteReply::BatchNotFinished);
        }
        let Some(Finished { mut header, parts }) = self.finished(id)? else {
            return Ok(DeleteReply::NotFound);
        };
        self.forget_batch(id, &header, parts, now)?;
        let sequence = self.note(id, Fact::BatchDeleted);
        header.deleted_at = Some(Self::millis(now));
        let Some(end) = &mut header.end else {
            return Ok(DeleteReply::Deleted);
        };
        end.last = Some(sequence);
        let index = key::finished(timestamp(end.at), id);
        match self.sinks.is_empty() {
            true => self.stage.delete(&index, 1),
            false => {
                self.stage.put_record(&key::deleted(id), &header, 0);
            }
        }
        Ok(DeleteReply::Deleted)
    }

    /// Leaves of a run how it ended, so that the counts stay true, and nothing else.
    fn delete_run(&mut self, run: RunId) -> Result<DeleteReply, StorageError> {
        let (id, ordinal) = (run.batch(), run.ordinal());
        let Some(header) = self.header(id)? else {
            return Ok(DeleteReply::NotFound);
        };
        if ordinal.get() >= header.total || self.deleted_of(id, &header).contains(ordinal) {
            return Ok(DeleteReply::NotFound);
        }
        let standing = self.standing(id, &header, ordinal)?;
        if !standing.state.is_ended() {
            return Ok(DeleteReply::RunNotEnded(standing.state));
        }
        let chunk = self.rewritten(id, ordinal, |_| ValidInput::blank())?;
        let output = key::output(id, ordinal);
        let output_parts = match standing.record.output {
            Some(OutputPlace::Apart) => self.stage.parts(&output)?,
            _ => 0,
        };
        // Those of a run that was swept with its batch go in steps, and may still be there.
        let steps = key::steps(id, ordinal);
        let step_parts = match standing.record.steps {
            0 => 0,
            _ => self.stage.parts(&steps)?,
        };
        let secrets = key::secrets(id, ordinal);
        let secret_parts = match header.with_secrets {
            0 => 0,
            _ => self.stage.parts(&secrets)?,
        };
        let finished = self.finished_now(id)?;
        self.put_chunk(chunk);
        self.stage.delete(&steps, step_parts);
        self.stage.delete(&secrets, secret_parts);
        self.stage.delete(&output, output_parts);
        if self.opened(id, ordinal).is_some() {
            let record = self.change_record(id, ordinal);
            *record = RunRecord {
                end: record.end,
                attempts: record.attempts,
                interruptions: record.interruptions,
                started_at: record.started_at,
                ended_at: record.ended_at,
                ..RunRecord::default()
            };
        }
        let one = std::iter::once(ordinal).collect();
        let sequence = self.note(id, Fact::Deleted(one));
        if let Some(batch) = self.change(id) {
            batch.record.deleted.insert(ordinal);
            batch.record.stepped.remove(ordinal);
        }
        self.touch(id, finished, sequence, Some(ordinal));
        Ok(DeleteReply::Deleted)
    }

    /// The runs of a batch that were deleted.
    pub(super) fn deleted_of(&self, id: BatchId, header: &BatchHeader) -> OrdinalSet {
        match (self.live.get(&id), &header.end) {
            (Some(batch), _) => batch.record.deleted.clone(),
            (None, Some(end)) => end.deleted.clone(),
            (None, None) => OrdinalSet::new(),
        }
    }

    /// Whether a run was deleted.
    pub(super) fn is_deleted(&self, id: BatchId, header: &BatchHeader, ordinal: Ordinal) -> bool {
        match (self.live.get(&id), &header.end) {
            (Some(batch), _) => batch.record.deleted.contains(ordinal),
            (None, Some(end)) => end.deleted.contains(ordinal),
            (None, None) => false,
        }
    }

    /// The header of a batch that does not live, to be written again; `None` while it lives.
    pub(super) fn finished_now(&self, id: BatchId) -> Result<Option<Finished>, StorageError> {
        match self.live.contains_key(&id) {
            true => Ok(None),
            false => self.finished(id),
        }
    }

    fn finished(&self, id: BatchId) -> Result<Option<Finished>, StorageError> {
        let Some(stored) = self.stage.get(&key::header(id))? else {
            return Ok(None);
        };
        let header: BatchHeader = decode(&stored.payload, || format!("the header of {id}"))?;
        if header.end.is_none() {
            let text = format!("the live record of {id} is missing");
            return Err(StorageError::new(ErrorKind::Damaged, text));
        }
        let parts = stored.parts;
        Ok(Some(Finished { header, parts }))
    }

    /// Notes in a finished batch that an entry about it came after its end.
    pub(super) fn touch(
        &mut self,
        id: BatchId,
        finished: Option<Finished>,
        last: Sequence,
        deleted: Option<Ordinal>,
    ) {
        let Some(Finished { mut header, parts }) = finished else {
            return;
        };
        if let Some(end) = &mut header.end {
            end.last = Some(last);
            if let Some(ordinal) = deleted {
                end.deleted.insert(ordinal);
            }
        }
        self.stage.put_record(&key::header(id), &header, parts);
    }
}
