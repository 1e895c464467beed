use std::collections::{BTreeMap, BTreeSet};

use super::audit::Audit;
use super::copy_target::CopyTarget;
use super::progress::Progress;
use super::records::Records;
use super::saved_batch::{SavedBatch, read_batch};
use super::{About, CopyReport, FindingKind, Loss, Rescued, SalvageReport, Salvaged, VerifyReport};
use crate::id::{BatchId, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{BatchEnd, BatchHeader, Head, encode, timestamp};
use crate::kv::{KvOptions, OrderedKv};
use crate::storage::StorageError;

/// Makes a new store of what can be saved of a damaged one.
///
/// Every batch that is whole is kept with all its runs, inputs, outputs and secrets; one that
/// is not is left out, since a batch with fewer runs than were submitted would be a lie. What
/// follows from the batches is made anew. The report names all that is lost. Nothing is
/// written to the damaged store. Runs on the calling thread.
///
/// The map must be empty, and opens as no store until the salvage is done. `options` say how
/// long idempotency keys are kept whose time is lost.
///
/// # Errors
///
/// When the damaged map cannot be read any further, or the new one cannot be written.
pub fn salvage<F: OrderedKv, T: OrderedKv>(
    from: &Rescued<F>,
    to: T,
    options: &KvOptions,
) -> Result<Salvaged<T>, StorageError> {
    let mut target = CopyTarget::new(to);
    target.begin()?;
    // A batch whose damage is not among the findings would be kept.
    let mut audit = Audit::of_everything();
    while audit.step(&from.map)? == Progress::More {}
    let mut salvage = Salvage::new(Records::new(&from.map), audit.into_report(), target);
    if let Some(missing) = &from.missing {
        let text = format!("{missing}: what was lost with that may be named by nothing");
        salvage.lose(About::Store, text);
    }
    salvage.keep_batches()?;
    salvage.keep_deleted()?;
    salvage.rebuild_submissions()?;
    salvage.rebuild_keys(options)?;
    salvage.rebuild_catalogue()?;
    salvage.keep_journal()?;
    salvage.finish()
}

/// A salvage on its way.
#[derive(Debug)]
pub(super) struct Salvage<'a, F, T> {
    pub records: Records<'a, F>,
    pub target: CopyTarget<T>,
    pub found: VerifyReport,
    pub losses: BTreeSet<Loss>,
    /// The head of the damaged store, if it can be read.
    pub head: Option<Head>,
    pub kept: BTreeMap<BatchId, Kept>,
    /// Batches that were there and are not kept.
    pub lost: BTreeSet<BatchId>,
    /// The workflows of kept batches, and when the first of these was stored.
    pub workflows: BTreeMap<WorkflowId, Vec<Kept>>,
    pub trimmed: Sequence,
    pub sequence: Sequence,
}

/// What others have to know of a batch that was kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub submission: SubmissionId,
    pub header: BatchHeader,
}

impl<'a, F: OrderedKv, T: OrderedKv> Salvage<'a, F, T> {
    fn new(records: Records<'a, F>, found: VerifyReport, target: CopyTarget<T>) -> Self {
        Self {
            records,
            target,
            found,
            losses: BTreeSet::new(),
            head: None,
            kept: BTreeMap::new(),
            lost: BTreeSet::new(),
            workflows: BTreeMap::new(),
            trimmed: Sequence::START,
            sequence: Sequence::START,
        }
    }

    pub(super) fn lose(&mut self, about: About, detail: impl Into<String>) {
        let detail = detail.into();
        self.losses.insert(Loss { about, detail });
    }

    /// Batches with damage that reading their records alone does not show.
    fn contradicted(&self) -> BTreeMap<BatchId, String> {
        use FindingKind as K;
        let findings = self.found.findings.iter().filter(|finding| {
            matches!(
                finding.kind,
                K::HeaderMissing
                    | K::LiveMissing
                    | K::InputsMissing
                    | K::InputsAstray
                    | K::RecordMissing
                    | K::RecordAstray
                    | K::RunWrong
                    | K::OutputMissing
                    | K::SecretsMissing
                    | K::StepsMissing
                    | K::CountsWrong
                    | K::JournalWrong
            )
        });
        let of_batch = findings.filter_map(|f| Some((f.about.batch()?, f.to_string())));
        of_batch.collect()
    }

    fn keep_batches(&mut self) -> Result<(), StorageError> {
        self.head = self.records.get::<Head>(&key::head())?.whole();
        let contradicted = self.contradicted();
        for id in self.batches_there()? {
            let saved = match contradicted.get(&id) {
                Some(why) => Err(why.clone()),
                None => read_batch(&self.records, id)?,
            };
            match saved {
                Ok(batch) => self.keep(id, batch)?,
                Err(why) => {
                    self.lost.insert(id);
                    self.lose(About::Batch(id), format!("it is left out: {why}"));
                }
            }
        }
        // Batches of which nothing is left but what others tell.
        for (id, why) in contradicted {
            if !self.kept.contains_key(&id) && self.lost.insert(id) {
                self.lose(About::Batch(id), format!("nothing is left of it: {why}"));
            }
        }
        Ok(())
    }

    /// The batches of which more is there than what is being deleted.
    fn batches_there(&self) -> Result<BTreeSet<BatchId>, StorageError> {
        let mut there = BTreeSet::new();
        for range in key::by_batch_from(BatchId::from_uuid(uuid::Uuid::nil())) {
            for key in self.records.all_keys(range)? {
                let id = Place::of(&key).and_then(|place| place.batch());
                there.extend(id);
            }
        }
        let mut kept = BTreeSet::new();
        for id in there {
            if !super::saved_batch::is_leftover(&self.records, id)? {
                kept.insert(id);
            }
        }
        Ok(kept)
    }

    fn keep(&mut self, id: BatchId, batch: SavedBatch) -> Result<(), StorageError> {
        let SavedBatch { header, keys } = batch;
        let kept = Kept {
            submission: header.submission,
            header,
        };
        for key in keys {
            self.copy(key)?;
        }
        let header = &kept.header;
        let part = key::submission_part(header.submission, header.part);
        self.put(part, id.as_uuid().as_bytes().to_vec())?;
        if let Some(end) = &header.end {
            self.index_finished(id, end)?;
        }
        let workflow = header.workflow.clone();
        self.workflows
            .entry(workflow)
            .or_default()
            .push(kept.clone());
        self.kept.insert(id, kept);
        Ok(())
    }

    /// Lists a batch among those that have finished. No entry about it is numbered anew.
    pub(super) fn index_finished(
        &mut self,
        id: BatchId,
        end: &BatchEnd,
    ) -> Result<(), StorageError> {
        self.sequence = self.sequence.max(end.last_entry());
        self.put(key::finished(timestamp(end.at), id), Vec::new())
    }

    /// Copies a record that has been read before.
    pub(super) fn copy(&mut self, key: Key) -> Result<(), StorageError> {
        match self.records.bytes(&key)?.whole() {
            Some(payload) => self.put(key, payload),
            None => Ok(()),
        }
    }

    pub(super) fn put(&mut self, key: Key, payload: Vec<u8>) -> Result<(), StorageError> {
        let payload = Some(payload);
        let record = super::copy_target::CopiedRecord { key, payload };
        self.target.write(vec![record])
    }

    fn finish(mut self) -> Result<Salvaged<T>, StorageError> {
        let live = self.kept.values().filter(|kept| kept.header.end.is_none());
        let mut head = match self.head.take() {
            Some(head) => head,
            None => {
                let text = "its head is lost: a submit under a known idempotency key is refused \
                            as a conflict, whatever its content";
                let about = About::Store;
                let detail = text.to_owned();
                self.losses.insert(Loss { about, detail });
                Head::new(random_key()?)
            }
        };
        head.live = live.count() as u64;
        head.sequence = self.sequence;
        head.trimmed = self.trimmed;
        let copied = self.target.finish(&encode(&head))?;
        let written: CopyReport = copied.report;
        let runs = self.kept.values().map(|kept| u64::from(kept.header.total));
        Ok(Salvaged {
            map: copied.map,
            report: SalvageReport {
                found: self.found.shortened(),
                batches: self.kept.len() as u64,
                runs: runs.sum(),
                losses: self.losses.into_iter().collect(),
                written,
            },
        })
    }
}

fn random_key() -> Result<[u8; 32], StorageError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|e| StorageError::io("draw random bytes for a new store", e))?;
    Ok(key)
}
