use std::collections::VecDeque;

use super::follower::Follower;
use super::result_position::Place;
use super::{Engine, ResultsError};
use crate::batch::{Extent, Submission};
use crate::id::{BatchId, RunId, SubmissionId};
use crate::ordinal::Ordinal;
use crate::run::Run;
use crate::storage::{
    BatchQuery, OutputDetail, PageRequest, PageSize, PageToken, RunQuery, StorageError,
};

/// The results of a submission in the order of its inputs.
#[derive(Debug)]
pub(super) struct ResultsByInput {
    engine: Engine,
    id: SubmissionId,
    /// The next input to give.
    part: u32,
    ordinal: Ordinal,
    /// Runs that have ended, read and not given.
    read: VecDeque<Run>,
    /// The batches after those that were gone through, and where the list goes on.
    batches: VecDeque<(u32, BatchId)>,
    list: List,
    /// The page of runs that is read next, within the first of the batches.
    page: Option<PageToken>,
    /// The run that has not ended and holds up the rest.
    held_up_by: Option<RunId>,
    follower: Follower,
}

/// How far the list of batches was read.
#[derive(Debug)]
enum List {
    From(Option<PageToken>),
    /// To its end, when the submission was like this.
    Read(Submission),
}

impl ResultsByInput {
    pub(super) fn new(engine: Engine, id: SubmissionId, part: u32, ordinal: Ordinal) -> Self {
        Self {
            follower: Follower::new(engine.clone()),
            engine,
            id,
            part,
            ordinal,
            read: VecDeque::new(),
            batches: VecDeque::new(),
            list: List::From(None),
            page: None,
            held_up_by: None,
        }
    }

    pub(super) const fn place(&self) -> Place {
        Place::Input {
            part: self.part,
            ordinal: self.ordinal,
        }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Run>, ResultsError> {
        loop {
            if let Some(run) = self.read.pop_front() {
                self.ordinal = Ordinal::new(run.id.ordinal().get() + 1);
                return Ok(Some(run));
            }
            if let Some(run) = self.held_up_by {
                self.end_of(run).await?;
                self.held_up_by = None;
            }
            match (self.batches.front().copied(), &self.list) {
                (Some((part, batch)), _) => self.read_runs(part, batch).await?,
                (None, List::From(token)) => self.read_list(token.clone()).await?,
                (None, List::Read(whole)) if whole.extent == Extent::Complete => return Ok(None),
                (None, List::Read(so_far)) => {
                    let batches = so_far.batches;
                    self.growth(batches).await?;
                    self.list = List::From(None);
                }
            }
        }
    }

    /// Reads the runs that have ended of one page, up to the first that has not.
    async fn read_runs(&mut self, part: u32, batch: BatchId) -> Result<(), StorageError> {
        let query = RunQuery {
            batch: Some(batch),
            output: OutputDetail::Included,
            page: PageRequest {
                size: PageSize::default(),
                token: self.page.clone(),
            },
            ..RunQuery::default()
        };
        let page = self.engine.runs(query).await?;
        if part > self.part {
            (self.part, self.ordinal) = (part, Ordinal::new(0));
        }
        for run in page.items {
            if !run.state.is_ended() {
                self.held_up_by = Some(run.id);
                return Ok(());
            }
            if run.id.ordinal() >= self.ordinal {
                self.read.push_back(run);
            }
        }
        self.page = page.next;
        if self.page.is_none() {
            self.batches.pop_front();
        }
        Ok(())
    }

    /// Reads a page of the list of batches; those that were gone through are left out.
    async fn read_list(&mut self, token: Option<PageToken>) -> Result<(), ResultsError> {
        // The submission first: of what it says that was stored, the list has all.
        let submission = self.submission().await?;
        let query = BatchQuery {
            submission: Some(self.id),
            page: PageRequest {
                size: PageSize::MAX,
                token,
            },
            ..BatchQuery::default()
        };
        let page = self.engine.batches(query).await?;
        let batches = page.items.iter().map(|batch| (batch.part, batch.id));
        let from = self.part;
        self.batches
            .extend(batches.filter(|(part, _)| *part >= from));
        self.list = match page.next {
            Some(token) => List::From(Some(token)),
            None => List::Read(submission),
        };
        Ok(())
    }

    async fn submission(&self) -> Result<Submission, ResultsError> {
        let known = self.engine.submission(self.id).await?;
        known.ok_or(ResultsError::SubmissionNotFound(self.id))
    }

    /// Waits until a run has ended or is gone.
    async fn end_of(&mut self, run: RunId) -> Result<(), StorageError> {
        loop {
            let position = self.follower.moved().await?;
            let known = self.engine.run(run).await?;
            self.follower.passed(position);
            if known.is_none_or(|run| run.state.is_ended()) {
                return Ok(());
            }
        }
    }

    /// Waits until there are more than so many batches, or will be no more.
    async fn growth(&mut self, batches: u32) -> Result<(), ResultsError> {
        loop {
            let position = self.follower.moved().await?;
            let submission = self.submission().await?;
            self.follower.passed(position);
            if submission.batches > batches || submission.extent == Extent::Complete {
                return Ok(());
            }
        }
    }
}
