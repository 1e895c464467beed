use std::collections::BTreeMap;

use jiff::Timestamp;

use super::About;
use super::records::Found;
use super::salvage::{Kept, Salvage};
use crate::batch::Extent;
use crate::catalogue::{Version, Workflow};
use crate::id::{BatchId, IdempotencyKey, SubmissionId, WorkflowId};
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{
    Fingerprint, IdempotencyRecord, SubmissionRecord, encode, millis, timestamp,
};
use crate::kv::{KvOptions, OrderedKv};
use crate::storage::StorageError;

/// What follows from the batches: made anew of those that are kept, with what can still be read.
impl<F: OrderedKv, T: OrderedKv> Salvage<'_, F, T> {
    pub(super) fn rebuild_submissions(&mut self) -> Result<(), StorageError> {
        let mut kept: BTreeMap<SubmissionId, Vec<Kept>> = BTreeMap::new();
        for batch in self.kept.values() {
            kept.entry(batch.submission)
                .or_default()
                .push(batch.clone());
        }
        for key in self.records.all_keys(key::submissions())? {
            if let Some(Place::Submission(id)) = Place::of(&key) {
                kept.entry(id).or_default();
            }
        }
        for (id, batches) in kept {
            self.rebuild_submission(id, &batches)?;
        }
        Ok(())
    }

    fn rebuild_submission(&mut self, id: SubmissionId, kept: &[Kept]) -> Result<(), StorageError> {
        let inputs: u64 = kept.iter().map(|kept| u64::from(kept.header.total)).sum();
        let parts = kept.iter().map(|kept| kept.header.part + 1).max();
        let key = key::submission(id);
        let found = self.records.get::<SubmissionRecord>(&key)?;
        let mut record = match found {
            Found::Whole(record) => record,
            // Batches of it are gone or were pruned, and nothing tells of more.
            Found::Absent | Found::Unreadable if kept.is_empty() => return Ok(()),
            Found::Absent | Found::Unreadable => {
                let text = "its record is lost: it counts what is left, and is open for more";
                self.lose(About::Submission(id), text);
                SubmissionRecord {
                    extent: Extent::Open,
                    ..SubmissionRecord::EMPTY
                }
            }
        };
        record.batches = record.batches.max(parts.unwrap_or(0));
        record.pruned = record
            .batches
            .saturating_sub(u32::try_from(kept.len()).unwrap_or(0));
        record.inputs = match record.pruned {
            0 => inputs,
            _ => record.inputs.max(inputs),
        };
        match record.is_gone() {
            true => Ok(()),
            false => self.put(key, encode(&record)),
        }
    }

    pub(super) fn rebuild_keys(&mut self, options: &KvOptions) -> Result<(), StorageError> {
        let with_keys = self.kept.iter().filter_map(|(id, kept)| {
            let name = kept.header.idempotency_key.clone()?;
            Some((*id, kept.submission, name, kept.header.part))
        });
        for (id, submission, name, part) in with_keys.collect::<Vec<_>>() {
            self.rebuild_key(id, submission, &name, part)?;
        }
        let now = options.clock.now().wall;
        let retention = i64::try_from(options.key_retention.as_millis()).unwrap_or(i64::MAX);
        let later = timestamp(millis(now).saturating_add(retention));
        let expiring = self.expiring()?;
        for key in self.records.all_keys(key::idempotencies())? {
            self.keep_key(key, &expiring, later)?;
        }
        Ok(())
    }

    /// The key of a batch that was kept. Where its record is lost, no submit may make a second
    /// batch under it: whatever comes is another content.
    fn rebuild_key(
        &mut self,
        batch: BatchId,
        submission: SubmissionId,
        name: &IdempotencyKey,
        part: u32,
    ) -> Result<(), StorageError> {
        let key = key::idempotency(name, part);
        let found = self.records.get::<IdempotencyRecord>(&key)?.whole();
        let record = match found.filter(|record| record.batch == batch) {
            Some(record) => record,
            None => {
                let text = format!(
                    "its record is lost: a submit under it is refused as a conflict with {batch}"
                );
                self.lose(About::Key(name.clone()), text);
                IdempotencyRecord {
                    batch,
                    submission,
                    fingerprint: Fingerprint([0; 32]),
                }
            }
        };
        self.put(key, encode(&record))
    }

    /// The keys that are to be forgotten, and when.
    fn expiring(&self) -> Result<BTreeMap<Key, Timestamp>, StorageError> {
        let mut expiring = BTreeMap::new();
        for key in self.records.all_keys(key::expiring_keys())? {
            if let (Some(Place::ExpiringKey(idempotent)), Some(at)) =
                (Place::of(&key), Place::expires_at(&key))
            {
                expiring.insert(idempotent, at);
            }
        }
        Ok(expiring)
    }

    /// A key whose batch was pruned is kept for its time; one whose batch is lost is free.
    fn keep_key(
        &mut self,
        key: Key,
        expiring: &BTreeMap<Key, Timestamp>,
        later: Timestamp,
    ) -> Result<(), StorageError> {
        let Some(Place::Idempotency(name, _)) = Place::of(&key) else {
            return Ok(());
        };
        let Some(record) = self.records.get::<IdempotencyRecord>(&key)?.whole() else {
            let known = |kept: &Kept| kept.header.idempotency_key.as_ref() == Some(&name);
            if !self.kept.values().any(known) {
                let text = "its record is lost, and so is what it led to: it may be used again";
                self.lose(About::Key(name), text);
            }
            return Ok(());
        };
        if self.kept.contains_key(&record.batch) {
            // Written with its batch, if it is the key of that.
            return Ok(());
        }
        if self.lost.contains(&record.batch) {
            let text = format!(
                "it led to {}, which is lost: it may be used again",
                record.batch
            );
            self.lose(About::Key(name), text);
            return Ok(());
        }
        let at = expiring.get(&key).copied().unwrap_or(later);
        self.put(key::expiring_key(at, &key), Vec::new())?;
        self.put(key, encode(&record))
    }

    pub(super) fn rebuild_catalogue(&mut self) -> Result<(), StorageError> {
        let mut needed = std::mem::take(&mut self.workflows);
        for key in self.records.all_keys(key::workflows())? {
            if let Some(Place::Workflow(id)) = Place::of(&key) {
                needed.entry(id).or_default();
            }
        }
        for (id, batches) in needed {
            self.rebuild_workflow(id, &batches)?;
        }
        Ok(())
    }

    fn rebuild_workflow(&mut self, id: WorkflowId, batches: &[Kept]) -> Result<(), StorageError> {
        let key = key::workflow(&id);
        let found = self.records.get::<Workflow>(&key)?.whole();
        let first = batches.iter().map(|kept| kept.header.created_at).min();
        let at = timestamp(first.unwrap_or(0));
        let versions = batches.iter().map(|kept| match kept.header.version {
            Version::Number(number) => number.get(),
            Version::Draft => 0,
        });
        let newest = versions.max().unwrap_or(0);
        let draft = batches.iter().any(|b| b.header.version == Version::Draft);
        let mut workflow = match found {
            Some(workflow) => workflow,
            None if batches.is_empty() => {
                self.lose(
                    About::Workflow(id),
                    "it is lost; no batch that is left needs it",
                );
                return Ok(());
            }
            None => Workflow::new(id.clone(), at),
        };
        let before = workflow.clone();
        while workflow.newest().map_or(0, |newest| newest.number.get()) < newest {
            workflow.deploy(at);
        }
        if draft && workflow.draft_saved_at.is_none() {
            workflow.save_draft(at);
        }
        if workflow != before {
            let text = "its entry is lost: it has the versions that batches have, up to the \
                        newest, and the times of these are made up";
            self.lose(About::Workflow(id), text);
        }
        self.put(key, encode(&workflow))
    }
}
