use std::collections::BTreeMap;

use super::FindingKind;
use super::notes::Notes;
use super::records::{Found, Records};
use super::run_records::RunRecords;
use crate::batch::Counts;
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::counted::counted;
use crate::kv::key::{self, Place};
use crate::kv::record::{BatchHeader, LiveRecord, OutputPlace, RunRecord, Sweep, Tidy};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::RunState;
use crate::storage::StorageError;

/// Checks where the runs of a batch stand, as its live record or its end and its pages say.
#[derive(Debug)]
pub(super) struct RunsCheck<'a> {
    pub(super) id: BatchId,
    pub(super) header: &'a BatchHeader,
    pub(super) live: Option<LiveRecord>,
    runs: RunRecords,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct CheckedRuns {
    /// The runs whose outputs stand under keys of their own.
    pub apart: OrdinalSet,
    /// How runs ended; `None` where not all of it could be read.
    pub runs: Option<EndedRuns>,
}

/// How the runs of a batch ended.
#[derive(Debug, Default)]
pub(super) struct EndedRuns {
    pub ended: BTreeMap<RunState, OrdinalSet>,
    pub sweeps: Vec<Sweep>,
}

impl<'a> RunsCheck<'a> {
    pub(super) fn new(id: BatchId, header: &'a BatchHeader, live: Option<LiveRecord>) -> Self {
        Self {
            id,
            header,
            live,
            runs: RunRecords::default(),
        }
    }

    pub(super) fn run<K: OrderedKv>(
        mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        tidy: &Found<Tidy>,
    ) -> Result<CheckedRuns, StorageError> {
        self.runs = RunRecords::read(records, notes, self.id, self.header.total)?;
        let apart = |(ordinal, record): (&Ordinal, &RunRecord)| {
            (record.output == Some(OutputPlace::Apart)).then_some(*ordinal)
        };
        let apart = self.runs.records.iter().filter_map(apart).collect();
        let sets_known = self.live.is_some() || self.header.end.is_some();
        if !sets_known {
            return Ok(CheckedRuns { apart, runs: None });
        }
        self.check_pages(notes);
        let ended = self.check_places(notes);
        self.check_counts(notes, &ended);
        self.check_secrets(records, notes, tidy, &ended)?;
        self.check_steps(records, notes, tidy, &ended)?;
        let runs = EndedRuns {
            ended,
            sweeps: self.sweeps().to_vec(),
        };
        let known = self.runs.unknown.is_empty();
        Ok(CheckedRuns {
            apart,
            runs: known.then_some(runs),
        })
    }

    /// A live batch says which pages it has.
    fn check_pages(&self, notes: &mut Notes) {
        let Some(live) = &self.live else { return };
        for page in live.pages.iter() {
            if !self.runs.pages.contains(page) {
                let text = format!("page {page} of its run records is missing");
                notes.find_batch(self.id, FindingKind::RecordMissing, text);
            }
        }
        for page in self.runs.pages.iter() {
            if !live.pages.contains(page) {
                let text = format!("page {page} of its run records is there, and it has no such");
                notes.find_batch(self.id, FindingKind::RecordAstray, text);
            }
        }
    }

    pub(super) fn sweeps(&self) -> &[Sweep] {
        match (&self.live, &self.header.end) {
            (_, Some(end)) => &end.sweeps,
            (Some(live), None) => &live.sweeps,
            (None, None) => &[],
        }
    }

    /// Every run is in exactly one place; gives how those ended that have.
    fn check_places(&self, notes: &mut Notes) -> BTreeMap<RunState, OrdinalSet> {
        let mut ended: BTreeMap<RunState, OrdinalSet> = BTreeMap::new();
        let live = self.live.as_ref().filter(|_| self.header.end.is_none());
        for ordinal in (0..self.header.total).map(Ordinal::new) {
            let record = self.runs.records.get(&ordinal);
            let mut places = live.map_or_else(Vec::new, |live| waits(live, ordinal));
            if let Some(live) = live {
                self.check_record(notes, live, ordinal, record);
            }
            for sweep in self.sweeps() {
                if sweep.ordinals.contains(ordinal) {
                    places.push("swept");
                    ended.entry(sweep.kind.state()).or_default().insert(ordinal);
                }
            }
            if let Some(state) = record.and_then(|record| record.end) {
                places.push("ended");
                ended.entry(state).or_default().insert(ordinal);
            }
            match places.as_slice() {
                [_] => {}
                [] if self.runs.unknown.contains(ordinal) => {}
                [] => {
                    let text = "it waits nowhere, and no record says how it ended";
                    notes.find_run(self.id, ordinal, FindingKind::RecordMissing, text);
                }
                several => {
                    let text = format!("it is at once {}", several.join(" and "));
                    notes.find_run(self.id, ordinal, FindingKind::RunWrong, text);
                }
            }
        }
        if let Some(live) = live {
            self.check_bounds(notes, live);
        }
        ended
    }

    /// What the record of a run says fits the set that it waits in.
    fn check_record(
        &self,
        notes: &mut Notes,
        live: &LiveRecord,
        ordinal: Ordinal,
        record: Option<&RunRecord>,
    ) {
        if self.runs.unknown.contains(ordinal) {
            return;
        }
        let known = record.is_some();
        let due = record.is_some_and(|record| record.due_at.is_some());
        let (kind, text) = if live.fresh.contains(ordinal) && known {
            (
                FindingKind::RecordAstray,
                "it was never claimed and has a record",
            )
        } else if (live.ready.contains(ordinal) || live.suspect.contains(ordinal)) && !known {
            (
                FindingKind::RecordMissing,
                "it was claimed before and has no record",
            )
        } else if live.delayed.contains(ordinal) && !due {
            (
                FindingKind::RecordMissing,
                "it waits for its time, and no record says until when",
            )
        } else if live.review.contains(ordinal) && record.is_none_or(|r| r.review.is_none()) {
            (
                FindingKind::RecordMissing,
                "it is in review, and no record says why",
            )
        } else if live.cancelling.contains(ordinal) && !live.held.contains(ordinal) {
            (
                FindingKind::RunWrong,
                "it was asked to stop, and nobody holds it",
            )
        } else {
            return;
        };
        notes.find_run(self.id, ordinal, kind, text);
    }

    /// No set has a run that the batch does not have.
    fn check_bounds(&self, notes: &mut Notes, live: &LiveRecord) {
        let sets = [
            &live.fresh,
            &live.ready,
            &live.suspect,
            &live.delayed,
            &live.review,
            &live.held,
            &live.cancelling,
        ];
        let swept = live.sweeps.iter().map(|sweep| &sweep.ordinals);
        for set in sets.into_iter().chain(swept) {
            let end = set.intervals().last().map_or(0, |last| last.end);
            if end > self.header.total {
                let text = format!(
                    "it has {}, and its live record tells of run {}",
                    counted(self.header.total, "run", "runs"),
                    end - 1
                );
                notes.find_batch(self.id, FindingKind::RunWrong, text);
            }
        }
    }

    fn check_counts(&self, notes: &mut Notes, ended: &BTreeMap<RunState, OrdinalSet>) {
        if !self.runs.unknown.is_empty() {
            return;
        }
        let mut recount = Counts::default();
        for (state, runs) in ended {
            *recount.of_mut(*state) = u64::from(runs.len());
        }
        let counted = match (&self.header.end, &self.live) {
            (Some(end), _) => end.counts,
            (None, Some(live)) => live.ended,
            (None, None) => return,
        };
        if counted != recount {
            let text = format!("it counts {counted}, and a recount gives {recount}");
            notes.find_batch(self.id, FindingKind::CountsWrong, text);
        }
    }

    /// Secrets go when their run ends or goes into review, or, where it was swept, soon after.
    fn check_secrets<K: OrderedKv>(
        &self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        tidy: &Found<Tidy>,
        ended: &BTreeMap<RunState, OrdinalSet>,
    ) -> Result<(), StorageError> {
        let cleared = !matches!(tidy, Found::Absent);
        let swept = |ordinal| self.sweeps().iter().any(|s| s.ordinals.contains(ordinal));
        let none = OrdinalSet::new();
        let live = self.live.as_ref().filter(|_| self.header.end.is_none());
        let in_review = live.map_or(&none, |live| &live.review);
        let has_ended = |ordinal| ended.values().any(|runs| runs.contains(ordinal));
        let mut there = 0;
        for key in records.all_keys(key::all_secrets(self.id))? {
            let Some(Place::Secrets(_, ordinal)) = Place::of(&key) else {
                continue;
            };
            there += 1;
            let waits_for_the_end = self.header.end.is_none() && swept(ordinal);
            if ordinal.get() >= self.header.total || self.header.with_secrets == 0 {
                let text = "it has secrets, and its batch came without";
                notes.find_run(self.id, ordinal, FindingKind::SecretsAstray, text);
            } else if in_review.contains(ordinal) {
                let text = "it is in review, and its secrets are still there";
                notes.find_run(self.id, ordinal, FindingKind::SecretsAstray, text);
            } else if has_ended(ordinal) && !cleared && !waits_for_the_end {
                let text = "it has ended, and its secrets are still there";
                notes.find_run(self.id, ordinal, FindingKind::SecretsAstray, text);
            }
        }
        let ended = ended.values().map(OrdinalSet::len).sum::<u32>();
        let over = ended.saturating_add(in_review.len());
        let at_least = self.header.with_secrets.saturating_sub(over);
        if there < at_least && self.runs.unknown.is_empty() {
            let text = format!("at least {at_least} of its runs need secrets, {there} have them");
            notes.find_batch(self.id, FindingKind::SecretsMissing, text);
        }
        Ok(())
    }
}

/// The sets of a live record that a run waits in.
fn waits(live: &LiveRecord, ordinal: Ordinal) -> Vec<&'static str> {
    let sets = [
        (&live.fresh, "never claimed"),
        (&live.ready, "ready"),
        (&live.suspect, "a suspect"),
        (&live.delayed, "delayed"),
        (&live.review, "in review"),
        (&live.held, "held"),
    ];
    let within = sets.into_iter().filter(|(set, _)| set.contains(ordinal));
    within.map(|(_, name)| name).collect()
}
