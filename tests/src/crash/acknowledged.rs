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
    updates: BTreeMap<RunId, Updates>,
    deleting: BTreeSet<RunId>,
    deleted: BTreeSet<RunId>,
    cancelled: BTreeSet<BatchId>,
    may_be_gone: BTreeSet<BatchId>,
    gone: BTreeSet<BatchId>,
}

/// What is known of the updates of a run.
#[derive(Debug, Default, Clone)]
struct Updates {
    /// The last that was acknowledged.
    acknowledged: Option<u64>,
    /// What was asked for since.
    asked: BTreeSet<u64>,
}

/// The store, as it is looked up.
struct Held<'a>(BTreeMap<BatchId, &'a (Batch, Vec<Run>)>);

impl<'a> Held<'a> {
    fn batch(&self, id: &BatchId) -> Option<&'a (Batch, Vec<Run>)> {
        self.0.get(id).copied()
    }

    fn run(&self, id: &RunId) -> Option<&'a Run> {
        let (_, runs) = self.batch(&id.batch())?;
        runs.iter().find(|run| run.id == *id)
    }
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
            Line::Updating(run, tag) => {
                self.updates.entry(run).or_default().asked.insert(tag);
            }
            Line::Updated(run, tag) => {
                let updates = self.updates.entry(run).or_default();
                updates.acknowledged = Some(tag);
                updates.asked.clear();
            }
            Line::Deleting(run) => {
                self.deleting.insert(run);
            }
            Line::Deleted(run) => {
                self.deleted.insert(run);
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
        let (batches, ends) = (self.stored.len(), self.ends.len());
        let (gone, deleted, updated) = (self.gone.len(), self.deleted.len(), self.updates.len());
        format!(
            "{batches} batches, {ends} ends, {gone} pruned or deleted, {deleted} runs deleted, {updated} updated"
        )
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
        let held = Held(store.iter().map(|known| (known.0.id, known)).collect());
        for (key, batch) in &self.stored {
            match held.batch(batch) {
                Some((known, _)) => {
                    assert!(!self.gone.contains(batch), "{batch} is gone and is back");
                    let runs = known.counts.total();
                    assert_eq!(runs, size(key).0 as u64, "{batch} is not whole");
                }
                None => assert!(
                    self.may_be_gone.contains(batch),
                    "{batch} was acknowledged and is lost"
                ),
            }
        }
        for (run, state) in &self.ends {
            if held.batch(&run.batch()).is_none() {
                continue;
            }
            let stored = held.run(run).map(|run| run.state);
            let may_be_gone = stored.is_none() && self.deleting.contains(run);
            let right = stored == Some(*state) || may_be_gone;
            assert!(right, "{run} ended as {state}, and is {stored:?}");
        }
        self.check_changes(&held);
        for run in &self.in_review {
            let stored = held.run(run);
            let kept = |run: &Run| run.state.is_ended() || run.state == RunState::NeedsReview;
            assert!(stored.is_none_or(kept), "{run} was in review: {stored:?}");
        }
        for (batch, _) in self.cancelled.iter().filter_map(|id| held.batch(id)) {
            let waiting = batch.counts.pending;
            assert_eq!(
                waiting, 0,
                "{} was cancelled and has runs waiting",
                batch.id
            );
        }
        for held_run in &self.held {
            assert!(
                held.run(held_run).is_none_or(|run| run.interruptions > 0),
                "{held_run} was held by a process that died, and is not interrupted"
            );
        }
        let known: BTreeSet<&BatchId> = self.stored.values().collect();
        let unheard = held.0.iter().filter(|(id, _)| !known.contains(id));
        unheard.map(|(id, (_, runs))| (*id, runs.len())).collect()
    }

    /// What was deleted is gone, and nothing else is; what was updated is as the last update said.
    fn check_changes(&self, held: &Held<'_>) {
        for run in &self.deleted {
            assert!(held.run(run).is_none(), "{run} was deleted and is back");
        }
        for (batch, _) in held.0.values() {
            let asked = self.deleting.iter().filter(|run| run.batch() == batch.id);
            let most = asked.count() as u64;
            let deleted = batch.deleted;
            assert!(deleted <= most, "{deleted} of {} were deleted", batch.id);
        }
        for (id, updates) in &self.updates {
            let Some(run) = held.run(id) else {
                continue;
            };
            let tag = run
                .metadata
                .to_map()
                .get("tag")
                .and_then(|tag| tag.as_u64());
            let asked = tag.is_some_and(|tag| updates.asked.contains(&tag));
            let right = asked || tag == updates.acknowledged;
            assert!(right, "{id} is {tag:?} after {updates:?}");
        }
    }
}
