use std::collections::{BTreeMap, BTreeSet};

use batch_core::batch::{Counts, Flow};
use batch_core::id::{BatchId, RunId};
use batch_core::journal::{Entry, Fact, RunEnd, RunReviewed, RunSnooze, Sequence};
use batch_core::ordinal::Ordinal;
use batch_core::run::{self, Attempt, Failure, RunState};
use batch_core::storage::{ClaimKey, ClaimToken, ClaimedRun};

use super::tag::{Tag, tag_of};

/// How often a run is tried.
pub(super) const ATTEMPTS: u32 = 3;
/// A run interrupted this often executes in quarantine.
const SUSPECT_AFTER: u32 = 2;
/// This many suspects are held together at most.
const SUSPECTS: usize = 8;

/// What is wrong, in words.
pub(super) type Verdict = Result<(), String>;

/// Knows the rules and nothing of the engine: follows the journal and the replies.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// All of the journal, from its beginning, trimmed or not.
    pub(super) entries: Vec<Entry>,
    pub(super) runs: BTreeMap<RunId, KnownRun>,
    pub(super) batches: BTreeMap<BatchId, KnownBatch>,
    /// What was asked to be stored, whether or not it was.
    pub(super) asked: BTreeMap<BatchId, Asked>,
    /// The batch of each key and part.
    keys: BTreeMap<(String, u32), BatchId>,
    held: BTreeSet<RunId>,
    /// How often the runs that have recorded their step had been interrupted by then.
    recorded: BTreeMap<RunId, u32>,
    /// All tokens that anybody has heard of.
    tokens: BTreeSet<ClaimToken>,
    /// The last one of a claim that was answered at once.
    last_token: Option<ClaimToken>,
    /// From which entry on the runs of a target end as cancelled only.
    cancelled_batches: BTreeMap<BatchId, Sequence>,
    cancelled_runs: BTreeMap<RunId, Sequence>,
    /// The last update that was asked for and not refused.
    pub(super) updating: Option<(RunId, Tag)>,
}

/// A batch somebody wanted to store.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) key: Option<(String, u32)>,
    pub(super) texts: Vec<String>,
    /// What its inputs bring along from updates of the runs that they repeat.
    pub(super) tags: Vec<Option<Tag>>,
}

/// What is known of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownRun {
    pub(super) ended: Option<RunState>,
    pub(super) attempts: u32,
    pub(super) interruptions: u32,
    /// It waits for a person.
    pub(super) in_review: bool,
    /// It was cancelled while it was held: the journal does not say whether that counts as
    /// an attempt or, where its holder died first, as an interruption.
    pub(super) one_of_both: bool,
    /// The token it was last claimed with, as far as anybody heard.
    pub(super) token: Option<ClaimToken>,
    /// What the last update left.
    pub(super) tag: Option<Tag>,
    /// What that was when the run was last claimed.
    begun_with: Option<Tag>,
    pub(super) deleted: bool,
}

/// What is known of a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownBatch {
    pub(super) runs: u32,
    pub(super) finished: Option<Sequence>,
    pub(super) flow: Flow,
    /// It may have been pruned.
    pub(super) may_be_gone: bool,
    pub(super) deleted: bool,
}

impl KnownBatch {
    /// It may not be there any more, one way or the other.
    pub(super) const fn may_be_missing(&self) -> bool {
        self.may_be_gone || self.deleted
    }
}

macro_rules! must {
    ($holds:expr, $($words:tt)*) => {
        if !$holds {
            return Err(format!($($words)*));
        }
    };
}
pub(crate) use must;

impl Witness {
    /// The last entry that was seen.
    pub(super) fn head(&self) -> Sequence {
        self.entries.last().map_or(Sequence::START, |e| e.sequence)
    }

    /// Who is held at this moment.
    pub(super) const fn held(&self) -> &BTreeSet<RunId> {
        &self.held
    }

    /// Takes the next entry of the journal.
    pub(super) fn read(&mut self, entry: Entry) -> Verdict {
        let expected = self.head().next();
        must!(
            entry.sequence == expected,
            "{entry:?} where {expected} was due"
        );
        let batch = entry.batch;
        match &entry.fact {
            Fact::Created => self.created(batch)?,
            fact => {
                let known = self.batches.get(&batch);
                let known = known.ok_or_else(|| format!("{entry:?} of an unknown batch"))?;
                must!(!known.deleted, "{entry:?} after the delete of its batch");
                let is_late = matches!(
                    fact,
                    Fact::Updated(_) | Fact::Deleted(_) | Fact::BatchDeleted
                );
                must!(
                    is_late || known.finished.is_none(),
                    "{entry:?} after the end of its batch"
                );
                self.happened(batch, fact, entry.sequence)?;
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    fn created(&mut self, batch: BatchId) -> Verdict {
        let asked = self.asked.get(&batch);
        let asked = asked.ok_or_else(|| format!("nobody asked for {batch}"))?;
        let runs = asked.texts.len() as u32;
        let fresh = |tag: &Option<Tag>| KnownRun {
            tag: *tag,
            ..KnownRun::default()
        };
        let fresh: Vec<_> = asked.tags.iter().map(fresh).collect();
        if let Some(key) = &asked.key
            && let Some(first) = self.keys.insert(key.clone(), batch)
        {
            return Err(format!("the key {key:?} made {first} and {batch}"));
        }
        let known = KnownBatch {
            runs,
            ..KnownBatch::default()
        };
        let before = self.batches.insert(batch, known);
        must!(before.is_none(), "{batch} was created twice");
        let ids = (0..runs).map(|n| RunId::new(batch, Ordinal::new(n)));
        self.runs.extend(ids.zip(fresh));
        Ok(())
    }

    fn happened(&mut self, batch: BatchId, fact: &Fact, at: Sequence) -> Verdict {
        let id = |ordinal| RunId::new(batch, ordinal);
        match fact {
            Fact::Started(starts) => starts
                .iter()
                .try_for_each(|start| self.started(id(start.ordinal), start.attempt)),
            Fact::Ended(ends) => ends
                .iter()
                .try_for_each(|end| self.ended(id(end.ordinal), end, at)),
            Fact::Paused => self.flows(batch, Flow::Paused),
            Fact::Resumed => self.flows(batch, Flow::Going),
            Fact::Swept(set) => set.iter().try_for_each(|ordinal| self.swept(id(ordinal))),
            Fact::Retrying(retries) => retries.iter().try_for_each(|retry| {
                let run = self.let_go(id(retry.ordinal))?;
                run.attempts += 1;
                must!(
                    run.attempts < ATTEMPTS,
                    "{retry:?} of {batch} has no attempts left"
                );
                Ok(())
            }),
            Fact::NeedsReview(runs) => runs
                .iter()
                .try_for_each(|asked| self.asked_a_person(id(asked.ordinal), at)),
            Fact::Reviewed(runs) => runs
                .iter()
                .try_for_each(|answer| self.answered(id(answer.ordinal), answer)),
            Fact::Snoozed(snoozes) => snoozes
                .iter()
                .try_for_each(|snooze| self.snoozed(id(snooze.ordinal), snooze)),
            Fact::Released(set) => set
                .iter()
                .try_for_each(|ordinal| self.let_go(id(ordinal)).map(drop)),
            Fact::Interrupted(set) => set.iter().try_for_each(|ordinal| {
                self.let_go(id(ordinal))?.interruptions += 1;
                Ok(())
            }),
            Fact::Cancelling(set) => set.iter().try_for_each(|ordinal| {
                let held = self.held.contains(&id(ordinal));
                must!(held, "{} is asked to stop and held by nobody", id(ordinal));
                Ok(())
            }),
            Fact::Finished { counts, .. } => self.finished(batch, counts, at),
            Fact::Updated(set) => set.iter().try_for_each(|ordinal| self.updated(id(ordinal))),
            Fact::Deleted(set) => set.iter().try_for_each(|ordinal| self.deleted(id(ordinal))),
            Fact::BatchDeleted => self.deleted_batch(batch),
            other => Err(format!("{other:?} is unknown to the witness")),
        }
    }

    fn finished(&mut self, batch: BatchId, counts: &Counts, at: Sequence) -> Verdict {
        let of = self.of(batch);
        let ended = |state| of.iter().filter(|run| run.ended == Some(state)).count();
        for state in RunState::ALL {
            let (said, seen) = (counts.of(state), ended(state) as u64);
            must!(
                said == seen,
                "{batch} finished with {said} {state}, seen {seen}"
            );
        }
        must!(
            counts.total() == of.len() as u64,
            "{batch} finished with {counts}"
        );
        let known = self.batches.get_mut(&batch);
        known.expect("an entry of a known batch").finished = Some(at);
        Ok(())
    }

    pub(super) fn known(&mut self, run: RunId) -> Result<&mut KnownRun, String> {
        self.runs
            .get_mut(&run)
            .ok_or_else(|| format!("{run} does not exist"))
    }

    fn flows(&mut self, batch: BatchId, flow: Flow) -> Verdict {
        let known = self.batches.get_mut(&batch);
        let before = std::mem::replace(&mut known.expect("an entry of a known batch").flow, flow);
        must!(before != flow, "{batch} was {flow:?} already");
        Ok(())
    }

    fn started(&mut self, run: RunId, attempt: Attempt) -> Verdict {
        let paused = self.batches[&run.batch()].flow == Flow::Paused;
        must!(!paused, "{run} was claimed while its batch was paused");
        must!(self.held.insert(run), "{run} was claimed while it was held");
        let known = self.known(run)?;
        must!(known.ended.is_none(), "{run} was claimed after its end");
        must!(!known.in_review, "{run} was claimed in review");
        known.begun_with = known.tag;
        let number = known.attempts + 1;
        must!(
            attempt.get() == number,
            "{run} began attempt {attempt}, {number} was due"
        );
        Ok(())
    }

    /// The holder of a run has recorded its step.
    pub(super) fn recorded_step(&mut self, run: RunId) {
        let interruptions = self.runs.get(&run).map_or(0, |known| known.interruptions);
        self.recorded.entry(run).or_insert(interruptions);
    }

    /// A step of a run is done: never again once it is recorded, but by one who had the run
    /// before and does not know that it was taken from him.
    pub(super) fn does_step(&self, run: RunId, interruptions: u32) -> Verdict {
        let recorded = self.recorded.get(&run);
        let again = recorded.is_some_and(|then| interruptions >= *then);
        must!(!again, "the step of {run} was recorded and is done again");
        Ok(())
    }

    /// Whether a run has recorded its step.
    pub(super) fn has_recorded(&self, run: RunId) -> bool {
        self.recorded.contains_key(&run)
    }

    /// A claim ended without its run.
    fn let_go(&mut self, run: RunId) -> Result<&mut KnownRun, String> {
        must_be(self.held.remove(&run), || {
            format!("{run} was let go and held by nobody")
        })?;
        self.known(run)
    }

    /// Whether somebody had heard by then that a run or its batch is cancelled.
    fn was_cancelled(&self, run: RunId, at: Sequence) -> bool {
        let batch = self.cancelled_batches.get(&run.batch());
        let cancelled = [batch, self.cancelled_runs.get(&run)];
        cancelled.into_iter().flatten().any(|since| *since < at)
    }

    fn asked_a_person(&mut self, run: RunId, at: Sequence) -> Verdict {
        let cancelled = self.was_cancelled(run, at);
        must!(!cancelled, "{run} was cancelled and goes into review");
        let known = self.let_go(run)?;
        known.attempts += 1;
        known.in_review = true;
        Ok(())
    }

    fn answered(&mut self, run: RunId, answer: &RunReviewed) -> Verdict {
        let known = self.known(run)?;
        must!(known.in_review, "{answer:?} of {known:?}");
        known.in_review = false;
        known.ended = Some(answer.verdict.state());
        Ok(())
    }

    fn snoozed(&mut self, run: RunId, snooze: &RunSnooze) -> Verdict {
        let number = self.let_go(run)?.attempts + 1;
        must!(
            snooze.attempt.get() == number,
            "{snooze:?} of {run} in attempt {number}"
        );
        Ok(())
    }

    fn ended(&mut self, run: RunId, end: &RunEnd, at: Sequence) -> Verdict {
        let held = self.held.remove(&run);
        let cancelled = self.was_cancelled(run, at);
        let known = self.known(run)?;
        let state = end.state;
        must!(known.ended.is_none(), "{run} ended again: {end:?}");
        must!(state.is_ended(), "{run} ended as {state}");
        must!(
            held || state == RunState::Cancelled,
            "{run} ended unheld: {end:?}"
        );
        must!(
            !cancelled || state == RunState::Cancelled,
            "{run} was cancelled: {end:?}"
        );
        let crashed = end.failure.as_ref().map(Failure::reason) == Some(Failure::CRASHED);
        match crashed {
            true => known.interruptions += 1,
            false if held && state == RunState::Cancelled => known.one_of_both = true,
            false if held => known.attempts += 1,
            false => {}
        }
        known.ended = Some(state);
        known.in_review = false;
        Ok(())
    }

    fn swept(&mut self, run: RunId) -> Verdict {
        let held = self.held.contains(&run);
        let known = self.known(run)?;
        must!(
            !held && known.ended.is_none(),
            "{run} was swept: {known:?}, held {held}"
        );
        known.ended = Some(RunState::Cancelled);
        known.in_review = false;
        Ok(())
    }

    /// Somebody was granted these runs at once.
    pub(super) fn granted_at_once(&mut self, runs: &[ClaimedRun]) -> Verdict {
        for claimed in runs {
            let token = claimed.claim.key().token;
            must!(self.last_token < Some(token), "{token:?} does not grow");
            self.last_token = Some(token);
        }
        self.granted(runs)
    }

    /// Somebody heard that he holds these runs, perhaps after a while.
    pub(super) fn granted(&mut self, runs: &[ClaimedRun]) -> Verdict {
        for claimed in runs {
            let ClaimKey { run, token } = claimed.claim.key();
            must!(self.tokens.insert(token), "{token:?} was granted twice");
            let before = self.runs.get(&run).and_then(|known| known.token);
            must!(before < Some(token), "{token:?} of {run} after {before:?}");
            must!(
                self.held.contains(&run),
                "{run} was granted and not claimed"
            );
            let known = self.known(run)?;
            known.token = Some(token);
            let (said, seen) = (claimed.interruptions, known.interruptions);
            must!(
                said == seen,
                "{run} was interrupted {said} times, seen {seen}"
            );
            let (given, left) = (tag_of(claimed.input.metadata()), known.begun_with);
            must!(
                given == left,
                "{run} was granted as {given:?}, it was {left:?}"
            );
        }
        let suspect = |run: &RunId| self.runs[run].interruptions >= SUSPECT_AFTER;
        if runs.iter().any(|claimed| suspect(&claimed.claim.run())) {
            let (all, most) = (self.held.iter().all(suspect), self.held.len() <= SUSPECTS);
            must!(all && most, "suspects are held with {:?}", self.held);
        }
        Ok(())
    }

    /// Somebody heard that what he recorded counts.
    pub(super) fn applied(&mut self, key: ClaimKey, state: RunState) -> Verdict {
        let held = self.held.contains(&key.run);
        let known = self.known(key.run)?;
        let current = known.token == Some(key.token);
        must!(current, "{key:?} was settled, {:?} is current", known.token);
        let ended = state.is_ended().then_some(state);
        // One that waits again may have gone to a claim that waited, in the same commit.
        let gone_on = held && ended.is_none();
        must!(
            known.ended == ended && (!held || gone_on),
            "{key:?} settled as {state}: {known:?}"
        );
        Ok(())
    }

    /// Somebody heard that a run has ended by his answer.
    pub(super) fn reviewed(&mut self, run: RunId, verdict: run::Verdict) -> Verdict {
        let known = self.known(run)?;
        let ended = Some(verdict.state());
        must!(known.ended == ended, "{run} is {verdict}: {known:?}");
        Ok(())
    }

    /// Somebody heard that a batch is cancelled.
    pub(super) fn cancelled_batch(&mut self, batch: BatchId) {
        let at = self.head();
        self.cancelled_batches.entry(batch).or_insert(at);
    }

    /// Somebody heard that a run is cancelled.
    pub(super) fn cancelled_run(&mut self, run: RunId) {
        let at = self.head();
        self.cancelled_runs.entry(run).or_insert(at);
    }

    /// The store was opened: nobody holds anything, and what was cancelled has ended.
    pub(super) fn opened(&self) -> Verdict {
        must!(self.held.is_empty(), "held after opening: {:?}", self.held);
        let waits = |run: &&RunId| {
            let cancelled = self.cancelled_batches.contains_key(&run.batch())
                || self.cancelled_runs.contains_key(run);
            cancelled && self.runs[run].ended.is_none()
        };
        match self.runs.keys().find(waits) {
            Some(run) => Err(format!("{run} was cancelled and waits after opening")),
            None => Ok(()),
        }
    }

    /// The batch that a key stands for.
    pub(super) fn of_key(&self, key: &str, part: u32) -> Option<BatchId> {
        self.keys.get(&(key.to_owned(), part)).copied()
    }

    /// All runs of a batch.
    pub(super) fn of(&self, batch: BatchId) -> Vec<KnownRun> {
        let from = RunId::new(batch, Ordinal::new(0));
        let runs = self.runs.range(from..);
        let runs = runs.take_while(|(id, _)| id.batch() == batch);
        runs.map(|(_, run)| *run).collect()
    }

    /// Batches that have not finished.
    pub(super) fn unfinished(&self) -> Vec<BatchId> {
        let open = self.batches.iter().filter(|(_, b)| b.finished.is_none());
        open.map(|(id, _)| *id).collect()
    }
}

fn must_be(holds: bool, otherwise: impl Fn() -> String) -> Verdict {
    match holds {
        true => Ok(()),
        false => Err(otherwise()),
    }
}
