use std::collections::BTreeMap;

use super::notes::Summary;
use crate::batch::Counts;
use crate::journal::{Entry, Fact, Sequence};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::RunState;

/// What the journal tells of one batch.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Whether its first entry is there, and so all of them.
    created: bool,
    facts: u64,
    ended: BTreeMap<RunState, OrdinalSet>,
    sweeps: Vec<(Sequence, OrdinalSet)>,
    finished: Option<Sequence>,
    deleted: bool,
}

impl Tally {
    /// Adds an entry; an error is what it contradicts.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), String> {
        if let Fact::BatchDeleted = &entry.fact {
            self.deleted = true;
        }
        // What comes after the end of a batch may outlive all that came before it.
        if entry.fact.is_afterword() {
            return Ok(());
        }
        if let Some(end) = self.finished {
            return Err(format!("something happened to it after its end at {end}"));
        }
        let first = self.facts == 0;
        // A fact about no run tells nothing: a salvage leaves such ones.
        if !matches!(&entry.fact, Fact::Released(runs) if runs.is_empty()) {
            self.facts += 1;
        }
        match &entry.fact {
            Fact::Created if !first => return Err("it was created twice or too late".into()),
            Fact::Created => self.created = true,
            Fact::Ended(ends) => {
                let ends = ends.iter().map(|end| (end.ordinal, end.state));
                return ends
                    .map(|(ordinal, state)| self.end(ordinal, state))
                    .fold(Ok(()), Result::and);
            }
            Fact::Reviewed(answers) => {
                let ends = answers.iter().map(|run| (run.ordinal, run.verdict.state()));
                return ends
                    .map(|(ordinal, state)| self.end(ordinal, state))
                    .fold(Ok(()), Result::and);
            }
            Fact::Swept(runs) | Fact::Expired(runs) => {
                let state = match &entry.fact {
                    Fact::Expired(_) => RunState::Failed,
                    _ => RunState::Cancelled,
                };
                self.sweeps.push((entry.sequence, runs.clone()));
                return runs
                    .iter()
                    .map(|ordinal| self.end(ordinal, state))
                    .fold(Ok(()), Result::and);
            }
            Fact::Finished { counts, .. } => {
                self.finished = Some(entry.sequence);
                let told = self.counts();
                if self.created && told != *counts {
                    return Err(format!("it ends with {counts}, and {told} were told"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, ordinal: Ordinal, state: RunState) -> Result<(), String> {
        let twice = self.ended.values().any(|runs| runs.contains(ordinal));
        self.ended.entry(state).or_default().insert(ordinal);
        match twice {
            true => Err(format!("run {ordinal} ended twice")),
            false => Ok(()),
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (state, runs) in &self.ended {
            *counts.of_mut(*state) = u64::from(runs.len());
        }
        counts
    }

    pub(super) const fn is_finished(&self) -> bool {
        self.finished.is_some() || self.deleted
    }

    /// Whether anything is told of it.
    pub(super) const fn is_told(&self) -> bool {
        self.facts > 0
    }

    /// Holds what is told against what the records say.
    ///
    /// Where the first entries were trimmed, or some are missing, less may be told.
    pub(super) fn compare(&self, summary: &Summary, broken: bool) -> Result<(), String> {
        let whole = self.created && !broken;
        for (state, told) in &self.ended {
            let recorded = summary.ended.get(state);
            let lacks = |run: &Ordinal| !recorded.is_some_and(|runs| runs.contains(*run));
            if let Some(run) = told.iter().find(lacks) {
                return Err(format!("the journal tells that run {run} ended as {state}"));
            }
        }
        for (state, recorded) in summary.ended.iter().filter(|_| whole) {
            let told = self.ended.get(state);
            let lacks = |run: &Ordinal| !told.is_some_and(|runs| runs.contains(*run));
            if let Some(run) = recorded.iter().find(lacks) {
                return Err(format!("run {run} ended as {state}, untold by the journal"));
            }
        }
        let unknown = |(sequence, runs): &&(Sequence, OrdinalSet)| {
            let same = |sweep: &crate::kv::record::Sweep| {
                sweep.sequence == *sequence && sweep.ordinals == *runs
            };
            !summary.sweeps.iter().any(same)
        };
        if let Some((sequence, _)) = self.sweeps.iter().find(unknown) {
            return Err(format!("the journal tells of another sweep at {sequence}"));
        }
        match (self.finished, summary.finished) {
            (told, recorded) if told == recorded => Ok(()),
            (None, Some(_)) if !whole => Ok(()),
            (Some(told), None) => Err(format!("the journal tells that it finished at {told}")),
            (_, Some(recorded)) => Err(format!("it finished at {recorded}, untold by the journal")),
            (None, None) => Ok(()),
        }
    }
}
