use std::sync::Arc;

use super::Machine;
use super::live_batch::LiveBatch;
use crate::batch::Extent;
use crate::catalogue::Version;
use crate::id::{BatchId, IdempotencyKey, SubmissionId, WorkflowId};
use crate::journal::Fact;
use crate::kv::belongings::Belongings;
use crate::kv::record::{
    BatchHeader, Fingerprint, IdempotencyRecord, LiveRecord, SubmissionRecord, Tidy,
};
use crate::kv::shortage::Change;
use crate::kv::{OrderedKv, SizeBound, key};
use crate::request::{Priority, Timing, VersionSelector};
use crate::storage::{ErrorKind, InsertReply, QueueBound, StorageError};
use crate::time::Moment;
use crate::valid::Share;

/// A batch as the caller's thread has prepared it: nothing is left to encode.
#[derive(Debug)]
pub(in crate::kv) struct PreparedBatch {
    pub id: BatchId,
    pub submission: SubmissionId,
    pub part: u32,
    pub extent: Extent,
    pub retry_of: Option<BatchId>,
    pub queue_bound: Option<QueueBound>,
    pub workflow: WorkflowId,
    pub selector: VersionSelector,
    pub priority: Priority,
    pub timing: Timing,
    pub share: Option<Share>,
    pub key: Option<IdempotencyKey>,
    pub fingerprint: Option<Fingerprint>,
    pub total: u32,
    /// The bytes of all inputs and secrets.
    pub bytes: u64,
    /// What is stored beside the header. Empty where it has been staged before.
    pub belongings: Belongings,
    pub with_secrets: u32,
}

/// What a lookup before an insert found.
enum Lookup {
    /// The insert is answered already.
    Answered(InsertReply),
    /// It goes in, for this version.
    Free(Version),
}

impl<K: OrderedKv> Machine<K> {
    /// Answers an insert without writing, where it can be: a replay, a conflict, an unknown workflow.
    pub(in crate::kv) fn preview(
        &mut self,
        batch: &PreparedBatch,
    ) -> Result<Option<InsertReply>, StorageError> {
        match self.look_up(batch)? {
            Lookup::Answered(reply) => Ok(Some(reply)),
            Lookup::Free(_) => {
                self.check_room(Change::Batch, batch.belongings.bytes(), batch.total)?;
                Ok(None)
            }
        }
    }

    /// Stages a slice of a batch whose header comes later.
    pub(in crate::kv) fn stage_slice(
        &mut self,
        id: BatchId,
        slice: Belongings,
    ) -> Result<(), StorageError> {
        self.check_writable("store a batch")?;
        self.check_room(Change::Batch, slice.bytes(), 0)?;
        self.stage.put_record(&key::tidy(id), &Tidy::Staged, 0);
        self.put_belongings(slice);
        Ok(())
    }

    /// Clears away the slices of a batch whose header will not come.
    ///
    /// Harmless for a batch whose header has come: storing it took the mark of
    /// its slices away, so nothing of it is touched.
    pub(in crate::kv) fn abandon(&mut self, id: BatchId) {
        let marked = self.stage.get(&key::tidy(id));
        if !self.failed && matches!(marked, Ok(Some(_))) {
            self.tidy.push_back((id, Tidy::Staged));
        }
    }

    /// Stores a batch with all its runs, or says why not.
    pub(in crate::kv) fn insert(
        &mut self,
        batch: PreparedBatch,
        staged: Staged,
        now: Moment,
    ) -> Result<InsertReply, StorageError> {
        self.check_writable("store a batch")?;
        if self.live.contains_key(&batch.id) || self.header(batch.id)?.is_some() {
            let text = format!("store a batch as {}: that id is taken", batch.id);
            return Err(StorageError::new(ErrorKind::Invalid, text));
        }
        let submission = self.read_submission(batch.submission)?;
        let version = match self.look_up(&batch)? {
            Lookup::Answered(reply) => {
                if staged == Staged::Yes {
                    self.abandon(batch.id);
                }
                return Ok(reply);
            }
            Lookup::Free(version) => version,
        };
        self.check_room(Change::Batch, batch.belongings.bytes(), batch.total)?;
        if staged == Staged::Yes {
            self.stage.delete(&key::tidy(batch.id), 1);
        }
        self.store(
            batch,
            version,
            submission.unwrap_or(SubmissionRecord::EMPTY),
            now,
        );
        Ok(InsertReply::Stored)
    }

    /// Sets the bound for all batches to come.
    pub(in crate::kv) fn bound_size(&mut self, bound: SizeBound) -> Result<(), StorageError> {
        if bound.store.is_some() && self.stage.map().space()?.is_none() {
            let text = "bound the size of a store whose map cannot tell it";
            return Err(StorageError::new(ErrorKind::Invalid, text));
        }
        self.size = bound;
        Ok(())
    }

    /// The idempotency key first, then the catalogue, then the bound.
    fn look_up(&mut self, batch: &PreparedBatch) -> Result<Lookup, StorageError> {
        if let Some((key, fingerprint)) = batch.key.as_ref().zip(batch.fingerprint) {
            let record = key::idempotency(key, batch.part);
            let what = || format!("the idempotency key {key:?}");
            if let Some(known) = self.stage.get_record::<IdempotencyRecord>(&record, what)? {
                return Ok(Lookup::Answered(match known.fingerprint == fingerprint {
                    true => InsertReply::Replayed(known.batch),
                    false => InsertReply::KeyConflict(known.batch),
                }));
            }
        }
        let workflow = self.known_workflow(&batch.workflow)?;
        Ok(match workflow.map(|w| w.resolve(batch.selector)) {
            None => Lookup::Answered(InsertReply::UnknownWorkflow),
            Some(Err(unknown)) => Lookup::Answered(InsertReply::UnknownVersion(unknown)),
            Some(Ok(version)) => match batch.queue_bound {
                Some(bound) if bound.missing(self.waiting, batch.total.into()) > 0 => {
                    let depth = self.waiting;
                    Lookup::Answered(InsertReply::QueueFull { depth, bound })
                }
                _ => Lookup::Free(version),
            },
        })
    }

    fn store(
        &mut self,
        batch: PreparedBatch,
        version: Version,
        mut submission: SubmissionRecord,
        now: Moment,
    ) {
        let id = batch.id;
        self.put_belongings(batch.belongings);
        submission.batches = submission.batches.max(batch.part + 1);
        submission.inputs += u64::from(batch.total);
        submission.extent = batch.extent;
        self.stage
            .put_record(&key::submission(batch.submission), &submission, 1);
        let part = key::submission_part(batch.submission, batch.part);
        self.stage.put(&part, id.as_uuid().as_bytes(), 0);
        if let Some((key, fingerprint)) = batch.key.as_ref().zip(batch.fingerprint) {
            let record = IdempotencyRecord {
                batch: id,
                submission: batch.submission,
                fingerprint,
            };
            self.stage
                .put_record(&key::idempotency(key, batch.part), &record, 0);
        }
        let (not_before, spread, expires_at) = batch.timing.as_millis();
        let header = BatchHeader {
            submission: batch.submission,
            part: batch.part,
            workflow: batch.workflow,
            version,
            priority: batch.priority,
            not_before,
            spread,
            expires_at,
            share: batch.share,
            total: batch.total,
            bytes: batch.bytes,
            created_at: Self::millis(now),
            retry_of: batch.retry_of,
            idempotency_key: batch.key,
            with_secrets: batch.with_secrets,
            deleted_at: None,
            end: None,
        };
        self.go_live(id, header);
    }

    fn go_live(&mut self, id: BatchId, header: BatchHeader) {
        let parts = self.stage.put_record(&key::header(id), &header, 0);
        let total = header.total;
        let record = LiveRecord::untouched(total);
        let mut live = LiveBatch::new(Arc::new(header), record);
        live.header_parts = parts;
        self.before.live.insert(id, None);
        self.live.insert(id, live);
        self.live_runs += u64::from(total);
        self.change_head().live += 1;
        self.note(id, Fact::Created);
        self.arm_release(id);
        self.reschedule(id);
    }

    fn put_belongings(&mut self, belongings: Belongings) {
        for (key, value) in belongings.into_values() {
            self.stage.put_value(key, value);
        }
    }

    pub(super) fn read_submission(
        &self,
        id: SubmissionId,
    ) -> Result<Option<SubmissionRecord>, StorageError> {
        self.stage
            .get_record(&key::submission(id), || format!("the record of {id}"))
    }
}

/// Whether slices of a batch were staged before its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kv) enum Staged {
    /// Nothing was staged.
    No,
    /// Its first slices were.
    Yes,
}
