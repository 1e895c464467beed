use std::collections::{BTreeMap, BTreeSet};

use batch_core::batch::Batch;
use batch_core::id::{BatchId, RunId};
use batch_core::run::{Run, RunState};
use batch_core::storage::{ClaimKey, ClaimToken};

use super::Line;
use super::content::size;

/// Everything that was asked for and acknowledged by any child so far.
#[derive(Debug, Default, Clone)]
pub struct Acknowledged {
    asked: BTreeSet<String>,
    stored: BTreeMap<String, BatchId>,
    claims: Vec<ClaimKey>,
    held: BTreeSet<RunId>,
    /// The tokens of those who have recorded a step of a run: their steps are named so.
    recorded: BTreeMap<RunId, BTreeSet<ClaimToken>>,
    ends: BTreeMap<RunId, RunState>,
    in_review: BTreeSet<RunId>,
    cancelled: BTreeSet<BatchId>,
    may_be_gone: BTreeSet<BatchId>,
    gone: BTreeSet<BatchId>,
}

impl Acknowledged {
    /// Takes in all that a child has reported. A line that the kill cut off was not received.
    pub fn take_all(&mut self, report: &str) {
        let lines = report.split_inclusive('\n');
        for line in lines.filter_map(|line| line.strip_suffix('\n')) {
            if let Ok(line) = line.parse() {
                self.take(line);
            }
        }
    }

    /// Takes a report in. A second end of a run, or a second batch under a key, is a lie of the store.
    pub fn take(&mut self, line: Line) {
        match line {
            Line::Begun | Line::Opened => {}
            Line::Submitting(key) => {
                self.asked.insert(key);
            }
            Line::Stored(batch, key) => {
                let known = self.stored.insert(key.clone(), batch);
                assert!(known.is_none_or(|k| k == batch), "two batches under {key}");
                self.asked.insert(key);
            }
            Line::Claimed(run, token) => {
                self.claims.push(ClaimKey { run, token });
                self.held.insert(run);
            }
            Line::Recorded(run, token) => {
                self.recorded.entry(run).or_default().insert(token);
            }
            Line::Settling(run) => {
                self.held.remove(&run);
            }
            Line::Ended(run, state) => {
                let known = self.ends.insert(run, state);
                assert_eq!(known, None, "{run} ended twice");
            }
            Line::InReview(run) => {
                self.in_review.insert(run);
            }
            Line::Cancelled(batch) => {
                self.cancelled.insert(batch);
            }
            Line::Pruning(batch) => {
                self.may_be_gone.insert(batch);
            }
            Line::Pruned(batch) => {
                self.gone.insert(batch);
            }
        }
    }

    /// How many batches and how many ends were acknowledged.
    #[must_use]
    pub fn summary(&self) -> String {
        let pruned = self.gone.len();
        let (batches, ends) = (self.stored.len(), self.ends.len());
        format!("{batches} batches, {ends} ends, {pruned} pruned")
    }

    /// How many ends were acknowledged.
    #[must_use]
    pub fn ends(&self) -> usize {
        self.ends.len()
    }

    /// Every claim that a process had which is dead.
    pub(super) fn claims(&self) -> &[ClaimKey] {
        &self.claims
    }

    /// Who has recorded a step of each run.
    pub(super) const fn recorded(&self) -> &BTreeMap<RunId, BTreeSet<ClaimToken>> {
        &self.recorded
    }

    /// The keys with the batch that is known to stand under each.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&String, Option<BatchId>)> {
        self.asked
            .iter()
            .map(|key| (key, self.stored.get(key).copied()))
    }

    /// Checks that a store holds all of it, and gives the batches whose acknowledgement was not heard.
    ///
    /// Each of those must belong to a key under which a batch was asked for.
    pub(super) fn check(&self, store: &[(Batch, Vec<Run>)]) -> BTreeMap<BatchId, usize> {
        let held: BTreeMap<BatchId, &(Batch, Vec<Run>)> =
            store.iter().map(|known| (known.0.id, known)).collect();
        for (key, batch) in &self.stored {
            match held.get(batch) {
                Some((_, runs)) => {
                    assert!(!self.gone.contains(batch), "{batch} was pruned and is back");
                    assert_eq!(runs.len(), size(key).0, "{batch} is not whole");
                }
                None => assert!(
                    self.may_be_gone.contains(batch),
                    "{batch} was acknowledged and is lost"
                ),
            }
        }
        for (run, state) in &self.ends {
            let Some((_, runs)) = held.get(&run.batch()) else {
                continue;
            };
            let stored = runs.get(run.ordinal().get() as usize);
            assert_eq!(
                stored.map(|run| run.state),
                Some(*state),
                "the end of {run}"
            );
        }
        for run in &self.in_review {
            let batch = held.get(&run.batch());
            let stored = batch.and_then(|(_, runs)| runs.get(run.ordinal().get() as usize));
            let kept = |run: &Run| run.state.is_ended() || run.state == RunState::NeedsReview;
            assert!(stored.is_none_or(kept), "{run} was in review: {stored:?}");
        }
        for (batch, _) in self.cancelled.iter().filter_map(|id| held.get(id)) {
            let waiting = batch.counts.pending;
            assert_eq!(
                waiting, 0,
                "{} was cancelled and has runs waiting",
                batch.id
            );
        }
        for held_run in &self.held {
            let batch = held.get(&held_run.batch());
            let run = batch.and_then(|(_, runs)| runs.get(held_run.ordinal().get() as usize));
            assert!(
                run.is_none_or(|run| run.interruptions > 0),
                "{held_run} was held by a process that died, and is not interrupted"
            );
        }
        let known: BTreeSet<&BatchId> = self.stored.values().collect();
        let unheard = held.iter().filter(|(id, _)| !known.contains(id));
        unheard.map(|(id, (_, runs))| (*id, runs.len())).collect()
    }
}
