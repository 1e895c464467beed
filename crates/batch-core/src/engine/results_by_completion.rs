use std::collections::VecDeque;
use std::num::NonZeroU32;

use super::members::Members;
use super::progress_reader::ProgressReader;
use super::result_position::Place;
use super::{Engine, Progress, ResultsError};
use crate::id::{BatchId, SubmissionId};
use crate::journal::{Entry, Fact, Sequence};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::Run;
use crate::storage::{OutputDetail, PageRequest, PageSize, PageToken, RunQuery, StorageError};

/// The most runs that are read at once.
const RUNS: usize = 250;
/// How many journal entries are read at once.
const ENTRIES: NonZeroU32 = NonZeroU32::new(256).expect("256 is not zero");

/// The results of a submission as the journal tells that its runs ended.
#[derive(Debug)]
pub(super) struct ResultsByCompletion {
    engine: Engine,
    id: SubmissionId,
    /// All of the journal up to here was given.
    passed: Sequence,
    /// How many runs of the next entry that tells of ends were given or are gone.
    of_next: u32,
    /// How many runs were given or were found to be gone, from the first on.
    given: u64,
    /// How many of them before this began where another one had stopped.
    before: u64,
    /// Entries that were read and not passed.
    entries: VecDeque<Entry>,
    /// What the first of them tells of.
    ended: Option<Ended>,
    members: Option<Members>,
    reader: ProgressReader,
    /// Whether entries were trimmed that this did not come to see.
    missed: bool,
}

/// The runs of one entry that have ended.
#[derive(Debug)]
struct Ended {
    /// In the order in which they are given.
    ordinals: Vec<Ordinal>,
    /// Those that were read and not given.
    read: VecDeque<Run>,
    /// How many of them were read or found to be gone.
    looked_at: usize,
    /// Where the page goes on that was cut short.
    token: Option<PageToken>,
}

impl ResultsByCompletion {
    pub(super) fn new(
        engine: Engine,
        id: SubmissionId,
        passed: Sequence,
        of_next: u32,
        given: u64,
    ) -> Self {
        Self {
            reader: ProgressReader::new(engine.clone(), id),
            engine,
            id,
            passed,
            of_next,
            given,
            before: given,
            entries: VecDeque::new(),
            ended: None,
            members: None,
            missed: false,
        }
    }

    pub(super) const fn place(&self) -> Place {
        Place::Completion {
            passed: self.passed,
            of_next: self.of_next,
            given: self.given,
        }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Run>, ResultsError> {
        self.list_members().await?;
        loop {
            let Some(entry) = self.entries.front() else {
                match self.read_entries().await? {
                    Read::More => continue,
                    Read::End => return Ok(None),
                }
            };
            let batch = entry.batch;
            if let (Fact::Created, Some(members)) = (&entry.fact, &mut self.members) {
                members.meet(&self.engine, batch).await?;
            }
            if let Some(run) = self.next_of_entry(batch).await? {
                return Ok(Some(run));
            }
            self.pass_entry();
        }
    }

    /// The next run of the first entry; `None` where all of them were given.
    async fn next_of_entry(&mut self, batch: BatchId) -> Result<Option<Run>, StorageError> {
        self.begin_entry(batch);
        let Some(ended) = &mut self.ended else {
            return Ok(None);
        };
        while ended.read.is_empty() && ended.looked_at < ended.ordinals.len() {
            let rest = &ended.ordinals[ended.looked_at..];
            let some = &rest[..rest.len().min(RUNS)];
            let page = self.engine.runs(query(batch, some, ended.token.clone()));
            let page = page.await?;
            ended.token = page.next;
            if ended.token.is_none() {
                ended.looked_at += some.len();
            }
            ended.read.extend(page.items);
        }
        let next = ended.read.pop_front();
        let passed = match &next {
            Some(run) => ended.ordinals.partition_point(|o| *o <= run.id.ordinal()),
            None => ended.ordinals.len(),
        };
        let before = self.of_next;
        self.of_next = u32::try_from(passed).unwrap_or(u32::MAX).max(before);
        self.given += u64::from(self.of_next - before);
        if let Some(members) = &mut self.members {
            members.give(batch, self.of_next - before);
        }
        Ok(next)
    }

    /// Looks at what the first entry tells, once.
    fn begin_entry(&mut self, batch: BatchId) {
        let members = self.members.as_ref();
        let ours = members.is_some_and(|members| members.has(batch));
        let Some(entry) = self
            .entries
            .front()
            .filter(|_| ours && self.ended.is_none())
        else {
            return;
        };
        self.ended = Some(Ended {
            ordinals: ends(&entry.fact).iter().collect(),
            read: VecDeque::new(),
            looked_at: self.of_next as usize,
            token: None,
        });
    }

    /// Leaves the first entry behind, whose runs have all been given.
    fn pass_entry(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.passed = entry.sequence;
            self.of_next = 0;
            self.ended = None;
        }
    }

    /// Reads the journal on, or waits until it has grown.
    async fn read_entries(&mut self) -> Result<Read, ResultsError> {
        if self.journal().await? {
            return Ok(Read::More);
        }
        let progress = self.progress().await?;
        // What ended between the two readings is in the journal by now.
        if self.journal().await? {
            return Ok(Read::More);
        }
        if !progress.is_finished() {
            self.engine.storage().wait(self.passed).await?;
            return Ok(Read::More);
        }
        match self.missing(progress.inputs).await? {
            0 => Ok(Read::End),
            missing => Err(ResultsError::Trimmed {
                submission: self.id,
                missing,
            }),
        }
    }

    /// How many runs ended in entries that were trimmed before this came to them.
    async fn missing(&self, inputs: u64) -> Result<u64, StorageError> {
        match &self.members {
            Some(members) if self.missed => {
                members.missing(&self.engine, inputs, self.before).await
            }
            _ => Ok(0),
        }
    }

    /// Reads the next entries of the journal; whether there are any.
    async fn journal(&mut self) -> Result<bool, StorageError> {
        let page = self.engine.storage().journal(self.passed, ENTRIES).await?;
        if page.trimmed > self.passed {
            if let Some(members) = &mut self.members {
                members.list_again(&self.engine).await?;
            }
            (self.passed, self.of_next) = (page.trimmed, 0);
            self.missed = true;
        }
        self.entries.extend(page.entries);
        Ok(!self.entries.is_empty())
    }

    async fn progress(&mut self) -> Result<Progress, ResultsError> {
        let reading = self.reader.read().await?;
        let reading = reading.ok_or(ResultsError::SubmissionNotFound(self.id))?;
        Ok(reading.progress)
    }

    /// Lists the batches of the submission, once.
    async fn list_members(&mut self) -> Result<(), ResultsError> {
        if self.members.is_none() {
            let members = Members::list(&self.engine, self.id).await?;
            self.members = Some(members.ok_or(ResultsError::SubmissionNotFound(self.id))?);
        }
        Ok(())
    }
}

/// Asks for some runs of a batch, with their outputs.
fn query(batch: BatchId, ordinals: &[Ordinal], token: Option<PageToken>) -> RunQuery {
    RunQuery {
        batch: Some(batch),
        among: Some(ordinals.iter().copied().collect()),
        output: OutputDetail::Included,
        page: PageRequest {
            size: PageSize::MAX,
            token,
        },
        ..RunQuery::default()
    }
}

/// What came of reading on.
enum Read {
    More,
    End,
}

/// The runs whose ends a fact tells.
fn ends(fact: &Fact) -> OrdinalSet {
    match fact {
        Fact::Ended(_) | Fact::Reviewed(_) | Fact::Swept(_) | Fact::Expired(_) => fact.ordinals(),
        Fact::Created
        | Fact::Paused
        | Fact::Resumed
        | Fact::Started(_)
        | Fact::Retrying(_)
        | Fact::NeedsReview(_)
        | Fact::Released(_)
        | Fact::Snoozed(_)
        | Fact::Interrupted(_)
        | Fact::Cancelling(_)
        | Fact::Updated(_)
        | Fact::Deleted(_)
        | Fact::BatchDeleted
        | Fact::Finished { .. } => OrdinalSet::new(),
    }
}
