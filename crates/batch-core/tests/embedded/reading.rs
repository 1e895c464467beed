//! Everything that a store can be asked, asked; and two such readings held against one another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::num::NonZeroU32;

use batch_core::id::{BatchId, RunId};
use batch_core::journal::Sequence;
use batch_core::ordinal::OrdinalSet;
use batch_core::run::Output;
use batch_core::storage::{
    BatchQuery, ClaimRequest, ClaimedRun, Disposition, ErrorKind, OutputDetail, PageRequest,
    PageSize, PruneRequest, RunQuery, Settlement, SortOrder, Storage, StorageError,
};
use batch_core::time::{Clock, ManualClock};

use crate::full_store::{batch_id, submits, workflow};

/// What was said to one question, or why nothing was.
pub(crate) type Answer = Result<String, (ErrorKind, String)>;

/// Questions and answers, in the order in which they were asked.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) answers: Vec<(String, Answer)>,
    /// What was handed out to be executed: each run's whole input, by the run.
    claimed: BTreeMap<RunId, String>,
    claimed_twice: BTreeSet<RunId>,
    /// How many answers were given before anything was changed.
    work_begins: usize,
}

impl Reading {
    /// Asks everything: first what is there, then it goes on with the work.
    pub(crate) async fn of(store: &dyn Storage, clock: &ManualClock) -> Self {
        let mut reading = Self::default();
        reading.what_is_there(store).await;
        reading.repeat_the_submits(store).await;
        reading.work_begins = reading.answers.len();
        reading.work_off(store).await;
        reading.what_is_there(store).await;
        let limit = NonZeroU32::new(100).unwrap();
        let request = PruneRequest::new(clock.now().wall, limit);
        let pruned = store.prune(request).await;
        reading.note("prune".into(), pruned);
        reading
    }

    fn note<T: Debug>(&mut self, question: String, answer: Result<T, StorageError>) -> Option<T> {
        let said = match &answer {
            Ok(said) => Ok(format!("{said:?}")),
            Err(error) => Err((error.kind(), sentence(error))),
        };
        self.answers.push((question, said));
        answer.ok()
    }

    async fn what_is_there(&mut self, store: &dyn Storage) {
        let workflows = store.workflows(PageRequest::default()).await;
        self.note("workflows".into(), workflows);
        for name in ["w", "other", "nobody's", "unknown"] {
            let found = store.workflow(workflow(name)).await;
            self.note(format!("workflow {name}"), found);
        }
        self.note("sinks".into(), store.sinks().await);
        self.journal(store).await;
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let mut query = BatchQuery::default();
            query.order = order;
            let batches = store.batches(query).await;
            self.note(format!("batches {order:?}"), batches);
        }
        for number in 0..9 {
            self.batch(store, batch_id(number)).await;
        }
    }

    async fn journal(&mut self, store: &dyn Storage) {
        let mut after = Sequence::START;
        loop {
            let limit = NonZeroU32::new(25).unwrap();
            let page = store.journal(after, limit).await;
            let page = self.note(format!("journal after {after:?}"), page);
            let Some(page) = page else { return };
            match page.entries.last() {
                Some(last) => after = last.sequence,
                None => return,
            }
        }
    }

    async fn batch(&mut self, store: &dyn Storage, id: BatchId) {
        let batch = store.batch(id).await;
        let batch = self.note(format!("{id}"), batch).flatten();
        let total = batch.map_or(0, |batch| batch.counts.total());
        let submission = batch_core::id::SubmissionId::of_first_batch(id);
        let found = store.submission(submission).await;
        self.note(format!("{submission}"), found);
        let all = OrdinalSet::up_to(u32::try_from(total).unwrap());
        let inputs = store.inputs(id, all).await;
        self.note(format!("inputs of {id}"), inputs);
        let mut query = RunQuery::default();
        query.batch = Some(id);
        query.output = OutputDetail::Included;
        query.page.size = PageSize::new(17).unwrap();
        loop {
            let page = store.runs(query.clone()).await;
            let page = self.note(format!("runs of {id}, page {:?}", query.page.token), page);
            match page.and_then(|page| page.next) {
                Some(next) => query.page.token = Some(next),
                None => break,
            }
        }
        for ordinal in 0..u32::try_from(total).unwrap() {
            let id = RunId::new(id, batch_core::ordinal::Ordinal::new(ordinal));
            self.note(format!("{id}"), store.run(id).await);
        }
    }

    /// Each key is known with its content, and known not to be another's.
    async fn repeat_the_submits(&mut self, store: &dyn Storage) {
        let submits = submits();
        for (n, submit) in submits.iter().enumerate() {
            let mut again = submit.clone();
            again.id = batch_id(1_000 + n as u128);
            let reply = store.insert(again).await;
            self.note(format!("submit {n} again"), reply);
            let mut other = submit.clone();
            other.id = batch_id(2_000 + n as u128);
            other.retry_of = Some(batch_id(3_000));
            let reply = store.insert(other).await;
            self.note(format!("submit {n} with other content"), reply);
        }
    }

    async fn work_off(&mut self, store: &dyn Storage) {
        for round in 0..1_000 {
            let limit = NonZeroU32::new(32).unwrap();
            let both = vec![workflow("w"), workflow("other")];
            let claimed = store.claim(ClaimRequest::new(both, limit)).await;
            let claimed = match claimed {
                Ok(claimed) => claimed,
                Err(error) => {
                    self.note::<()>(format!("claim {round}"), Err(error));
                    return;
                }
            };
            self.note(format!("next due {round}"), Ok(claimed.next_due));
            if claimed.runs.is_empty() {
                return;
            }
            let mut settlements = Vec::new();
            for run in claimed.runs {
                let id = run.claim.run();
                if self.claimed.insert(id, told_of(&run)).is_some() {
                    self.claimed_twice.insert(id);
                }
                let output = Some(Output::new(&format!("done {id}")).unwrap());
                let how = Disposition::Processed { output };
                settlements.push(Settlement::new(run.claim, how));
            }
            let settled = store.settle(settlements).await;
            if self.note(format!("settle {round}"), settled).is_none() {
                return;
            }
        }
    }

    /// The first error of the reading.
    pub(crate) fn first_error(&self) -> Option<(&str, ErrorKind, &str)> {
        self.answers.iter().find_map(|(question, answer)| {
            let (kind, text) = answer.as_ref().err()?;
            Some((question.as_str(), *kind, text.as_str()))
        })
    }

    /// The first thing said that is not what the whole store says.
    ///
    /// After an error other work may be done than in the whole store, so what is said after
    /// the work is compared only where there was none.
    pub(crate) fn first_difference(&self, whole: &Self) -> Option<String> {
        let said = whole.before_the_work();
        for (question, ours) in self.before_the_work() {
            let theirs = said.get(question);
            if ours.is_ok() && theirs != Some(&ours) {
                return Some(format!("{question}: {ours:?} and not {theirs:?}"));
            }
        }
        if let Some(twice) = self.claimed_twice.first() {
            return Some(format!("{twice} was handed out twice"));
        }
        let other = |(run, told): &(&RunId, &String)| whole.claimed.get(run) != Some(told);
        if let Some((run, told)) = self.claimed.iter().find(other) {
            return Some(format!("{run} was handed out as {told}"));
        }
        let same = self.answers == whole.answers && self.claimed == whole.claimed;
        (self.first_error().is_none() && !same).then(|| "the work went another way".to_owned())
    }

    fn before_the_work(&self) -> BTreeMap<&str, &Answer> {
        let answers = &self.answers[..self.work_begins];
        answers.iter().map(|(q, a)| (q.as_str(), a)).collect()
    }
}

/// A run as its executor gets it, but for the token.
fn told_of(run: &ClaimedRun) -> String {
    let secrets: Vec<_> = run.input.secrets().iter().collect();
    let attempt = run.claim.attempt();
    let from = (&run.submission, &run.workflow, &run.version);
    let interrupted = run.interruptions;
    format!(
        "{attempt:?} {interrupted} {from:?} {secrets:?} {:?}",
        run.input
    )
}

/// An error and its causes.
pub(crate) fn sentence(error: &StorageError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
