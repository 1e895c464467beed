use std::collections::{BTreeMap, BTreeSet};

use super::{About, Finding, FindingKind, LookedAt, VerifyReport};
use crate::id::{BatchId, RunId};
use crate::journal::Sequence;
use crate::kv::record::Sweep;
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::RunState;

/// What a check of a store has seen so far.
#[derive(Debug)]
pub(super) struct Notes {
    findings: BTreeSet<Finding>,
    /// The most findings that are kept.
    most: usize,
    left_out: u64,
    pub looked_at: LookedAt,
    /// What the journal must agree with, of each batch whose records could be read.
    pub batches: BTreeMap<BatchId, Summary>,
    /// Batches that have a header, or something where it should be.
    pub seen: BTreeSet<BatchId>,
    /// The last journal entry when the check began.
    pub begun_at: Sequence,
}

/// How the runs of a batch ended, as its records say.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// The last journal entry when the records were read.
    pub as_of: Sequence,
    pub ended: BTreeMap<RunState, OrdinalSet>,
    pub sweeps: Vec<Sweep>,
    /// The entry that says that the batch has finished.
    pub finished: Option<Sequence>,
}

impl Notes {
    /// Nothing so far; keeps so many findings and counts the others.
    pub(super) fn keeping(most: usize) -> Self {
        Self {
            findings: BTreeSet::new(),
            most,
            left_out: 0,
            looked_at: LookedAt::default(),
            batches: BTreeMap::new(),
            seen: BTreeSet::new(),
            begun_at: Sequence::START,
        }
    }

    pub(super) fn find(&mut self, about: About, kind: FindingKind, detail: impl Into<String>) {
        let finding = Finding {
            about,
            kind,
            detail: detail.into(),
        };
        let full = self.findings.len() >= self.most;
        match full && !self.findings.contains(&finding) {
            true => self.left_out += 1,
            false => {
                self.findings.insert(finding);
            }
        }
    }

    pub(super) fn find_batch(
        &mut self,
        batch: BatchId,
        kind: FindingKind,
        detail: impl Into<String>,
    ) {
        self.find(About::Batch(batch), kind, detail);
    }

    pub(super) fn find_run(
        &mut self,
        batch: BatchId,
        ordinal: Ordinal,
        kind: FindingKind,
        detail: impl Into<String>,
    ) {
        self.find(About::Run(RunId::new(batch, ordinal)), kind, detail);
    }

    pub(super) fn into_report(self) -> VerifyReport {
        VerifyReport {
            looked_at: self.looked_at,
            findings: self.findings.into_iter().collect(),
            left_out: self.left_out,
        }
    }
}
