use std::num::NonZeroUsize;

use jiff::Timestamp;

use super::Machine;
use crate::batch::BatchState;
use crate::id::BatchId;
use crate::journal::Sequence;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::{
    BatchHeader, IdempotencyRecord, JournalRecord, Tidy, decode, millis, swept, timestamp,
};
use crate::storage::{
    Ending, ErrorKind, PruneCursor, PruneRequest, Pruned, SortOrder, StorageError,
};
use crate::time::Moment;

/// The most journal records and the most idempotency keys that one call forgets.
const RECORDS_A_CALL: usize = 256;

/// The most finished batches that one call looks at.
const BATCHES_A_CALL: usize = 512;

/// What becomes of a batch that a prune looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Pruned,
    /// It was deleted before, and what was kept of it for the sinks is gone.
    Cleared,
}

impl<K: OrderedKv> Machine<K> {
    /// Deletes old finished batches, and journal entries that nobody needs.
    pub(in crate::kv) fn prune(
        &mut self,
        request: PruneRequest,
        now: Moment,
    ) -> Result<Pruned, StorageError> {
        self.check_writable("prune")?;
        self.expire_batches(now);
        let seen = self.sinks.values().min().copied();
        let seen = seen.unwrap_or(self.head.sequence);
        let (batches, next) = self.prune_batches(request, seen, now)?;
        let entries = self.trim_journal(request.journal_before, seen)?;
        self.forget_keys(now.wall)?;
        Ok(Pruned::new(batches, entries).stopped_at(next))
    }

    /// Deletes batches that fit, and says where it stopped before it had looked at all.
    fn prune_batches(
        &mut self,
        request: PruneRequest,
        seen: Sequence,
        now: Moment,
    ) -> Result<(u32, Option<PruneCursor>), StorageError> {
        let mut range = key::finished_before(request.finished_before);
        if let Some(PruneCursor { finished_at, batch }) = request.after {
            let mut after = key::finished(finished_at, batch);
            after.extend_from_slice(&[u8::MAX; 2]);
            range = range.starting_at(after);
        }
        let looks = NonZeroUsize::MIN.saturating_add(BATCHES_A_CALL - 1);
        let found = self.stage.scan(&range, SortOrder::Ascending, looks)?;
        let all = found.len() < looks.get();
        let (mut pruned, mut last) = (0, None);
        for found in found {
            if pruned == request.limit.get() {
                return Ok((pruned, last));
            }
            let id = key::finished_batch_in(&found.key)?;
            let finished_at = key::Place::expires_at(&found.key).unwrap_or_default();
            last = Some(PruneCursor {
                finished_at,
                batch: id,
            });
            match self.prune_batch(id, request.ending, seen, now)? {
                Fate::Kept => continue,
                Fate::Pruned => pruned += 1,
                Fate::Cleared => {}
            }
            self.stage.delete_value(found.key);
        }
        Ok((pruned, last.filter(|_| !all)))
    }

    /// Deletes one batch of the index, or what is left of one that was deleted before.
    fn prune_batch(
        &mut self,
        id: BatchId,
        ending: Option<Ending>,
        seen: Sequence,
        now: Moment,
    ) -> Result<Fate, StorageError> {
        let (header, parts, deleted) = self.indexed(id)?;
        let Some(end) = &header.end else {
            return Ok(Fate::Kept);
        };
        if end.last_entry() > seen {
            return Ok(Fate::Kept);
        }
        if deleted {
            self.stage.delete(&key::deleted(id), parts);
            return Ok(Fate::Cleared);
        }
        let state = BatchState::of(&end.counts, swept(&end.sweeps));
        let ended = Ending::of_finished(state, &end.counts);
        if ending.is_some_and(|wanted| wanted != ended) {
            return Ok(Fate::Kept);
        }
        self.forget_batch(id, &header, parts, now)?;
        Ok(Fate::Pruned)
    }

    /// The header of a batch of the index, how many values it spans, and whether the batch was
    /// deleted before.
    fn indexed(&self, id: BatchId) -> Result<(BatchHeader, u16, bool), StorageError> {
        let what = || format!("the header of {id}");
        for (key, deleted) in [(key::header(id), false), (key::deleted(id), true)] {
            if let Some(stored) = self.stage.get(&key)? {
                return Ok((decode(&stored.payload, what)?, stored.parts, deleted));
            }
        }
        let text = format!("{} is missing", what());
        Err(StorageError::new(ErrorKind::Damaged, text))
    }

    /// Makes a finished batch unreachable; what it leaves is deleted in steps.
    pub(super) fn forget_batch(
        &mut self,
        id: BatchId,
        header: &BatchHeader,
        header_parts: u16,
        now: Moment,
    ) -> Result<(), StorageError> {
        if let Some(mut submission) = self.read_submission(header.submission)? {
            submission.pruned += 1;
            let key = key::submission(header.submission);
            match submission.is_gone() {
                true => self.stage.delete(&key, 1),
                false => {
                    self.stage.put_record(&key, &submission, 1);
                }
            }
        }
        let part = key::submission_part(header.submission, header.part);
        self.stage.delete(&part, 1);
        self.stage.delete(&key::header(id), header_parts);
        if let (Some(key), Some(end)) = (&header.idempotency_key, &header.end) {
            let until = self.retained(end.at).max(millis(now.wall));
            let key = key::idempotency(key, header.part);
            self.stage
                .put(&key::expiring_key(timestamp(until), &key), &[], 0);
        }
        self.begin_tidy(id, Tidy::Pruned);
        Ok(())
    }

    /// Deletes the journal up to what every sink has passed and what is old enough.
    fn trim_journal(&mut self, before: Timestamp, seen: Sequence) -> Result<u64, StorageError> {
        let from = self.head.trimmed.next();
        let mut last = self.head.trimmed;
        for (key, stored) in self.journal_records(from, RECORDS_A_CALL)? {
            let record: JournalRecord =
                decode(&stored.payload, || format!("journal entry {from}"))?;
            let count = u64::try_from(record.entries.len()).unwrap_or(u64::MAX);
            let end = Sequence::new(record.first.get() + count - 1);
            if end > seen || record.at >= millis(before) {
                break;
            }
            self.stage.delete(&key, stored.parts);
            last = end;
        }
        let entries = last.get() - self.head.trimmed.get();
        if entries > 0 {
            self.change_head().trimmed = last;
        }
        Ok(entries)
    }

    /// Until when a key is kept whose batch ended at this time, at least.
    fn retained(&self, ended_at: i64) -> i64 {
        let retention = i64::try_from(self.key_retention.as_millis()).unwrap_or(i64::MAX);
        ended_at.saturating_add(retention)
    }

    /// Forgets idempotency keys whose batches are gone and whose time has passed.
    ///
    /// The keys of a submission are kept until the last of its batches is gone: if
    /// some were forgotten before others, repeating it would store those parts again.
    fn forget_keys(&mut self, now: Timestamp) -> Result<(), StorageError> {
        let limit = NonZeroUsize::MIN.saturating_add(RECORDS_A_CALL);
        let range = key::expiring_keys_before(now);
        for found in self.stage.scan(&range, SortOrder::Ascending, limit)? {
            let end = found.key.len().saturating_sub(2);
            let key = found.key.get(key::TIME_BYTES..end).unwrap_or(&[]).to_vec();
            match self.is_still_needed(&key)? {
                true => {
                    let later = timestamp(self.retained(millis(now)).saturating_add(1));
                    self.stage.put(&key::expiring_key(later, &key), &[], 0);
                }
                false => self.stage.delete(&key, 1),
            }
            self.stage.delete_value(found.key);
        }
        Ok(())
    }

    /// Whether anything is left of the submission that a key belongs to.
    fn is_still_needed(&self, key: &[u8]) -> Result<bool, StorageError> {
        let what = || "an idempotency key".into();
        let record: Option<IdempotencyRecord> = self.stage.get_record(key, what)?;
        match record {
            Some(record) => Ok(self.read_submission(record.submission)?.is_some()),
            None => Ok(false),
        }
    }
}
