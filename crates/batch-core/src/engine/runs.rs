use std::collections::VecDeque;

use super::Engine;
use crate::id::{BatchId, SubmissionId};
use crate::run::{Run, RunState};
use crate::storage::{
    BatchQuery, OutputDetail, PageRequest, PageSize, PageToken, RunQuery, StorageError,
};

/// Which runs of a batch or a submission to go through; by default all, without outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunFilter {
    /// Only those in this state.
    pub state: Option<RunState>,
    /// With outputs or without.
    pub output: OutputDetail,
    /// How many to read at a time.
    pub page: PageSize,
}

impl RunFilter {
    /// Only runs in this state.
    #[must_use]
    pub const fn in_state(mut self, state: RunState) -> Self {
        self.state = Some(state);
        self
    }

    /// Only runs that wait for a person, with what that person looks at.
    #[must_use]
    pub fn in_review() -> Self {
        let all = Self::default();
        all.in_state(RunState::NeedsReview).with_outputs()
    }

    /// With their outputs.
    #[must_use]
    pub const fn with_outputs(mut self) -> Self {
        self.output = OutputDetail::Included;
        self
    }
}

/// Goes through runs in the order of their inputs, a page at a time.
///
/// ```no_run
/// # async fn f(batch: batch_core::engine::BatchHandle) -> Result<(), Box<dyn std::error::Error>> {
/// use batch_core::engine::RunFilter;
/// use batch_core::run::RunState;
///
/// let mut failed = batch.runs(RunFilter::default().in_state(RunState::Failed));
/// while let Some(run) = failed.next().await? {
///     println!("{}: {:?}", run.id, run.failure);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Runs {
    engine: Engine,
    filter: RunFilter,
    read: VecDeque<Run>,
    /// Batches whose runs are still to be read; the first from `from` on.
    batches: VecDeque<BatchId>,
    from: Option<PageToken>,
    more: MoreBatches,
}

/// Where the next batches come from when those at hand have been gone through.
#[derive(Debug)]
enum MoreBatches {
    Of(SubmissionId, Option<PageToken>),
    None,
}

impl Runs {
    pub(super) fn of_batch(engine: Engine, batch: BatchId, filter: RunFilter) -> Self {
        Self::new(engine, filter, [batch].into(), MoreBatches::None)
    }

    pub(super) fn of_submission(engine: Engine, id: SubmissionId, filter: RunFilter) -> Self {
        let more = MoreBatches::Of(id, None);
        Self::new(engine, filter, VecDeque::new(), more)
    }

    const fn new(
        engine: Engine,
        filter: RunFilter,
        batches: VecDeque<BatchId>,
        more: MoreBatches,
    ) -> Self {
        Self {
            engine,
            filter,
            read: VecDeque::new(),
            batches,
            from: None,
            more,
        }
    }

    /// The next run; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read. The next call tries again.
    ///
    /// # Cancel safety
    ///
    /// No run is passed over: the next call gives it.
    pub async fn next(&mut self) -> Result<Option<Run>, StorageError> {
        loop {
            if let Some(run) = self.read.pop_front() {
                return Ok(Some(run));
            }
            if let Some(batch) = self.batches.front() {
                self.read_runs(*batch).await?;
            } else if let MoreBatches::Of(id, token) = &self.more {
                self.read_batches(*id, token.clone()).await?;
            } else {
                return Ok(None);
            }
        }
    }

    async fn read_runs(&mut self, batch: BatchId) -> Result<(), StorageError> {
        let query = RunQuery {
            batch: Some(batch),
            workflow: None,
            state: self.filter.state,
            among: None,
            output: self.filter.output,
            page: PageRequest {
                size: self.filter.page,
                token: self.from.clone(),
            },
        };
        let page = self.engine.runs(query).await?;
        self.read.extend(page.items);
        self.from = page.next;
        if self.from.is_none() {
            self.batches.pop_front();
        }
        Ok(())
    }

    async fn read_batches(
        &mut self,
        id: SubmissionId,
        token: Option<PageToken>,
    ) -> Result<(), StorageError> {
        let query = BatchQuery {
            submission: Some(id),
            page: PageRequest {
                size: PageSize::MAX,
                token,
            },
            ..BatchQuery::default()
        };
        let page = self.engine.batches(query).await?;
        self.batches.extend(page.items.iter().map(|batch| batch.id));
        self.more = match page.next {
            Some(token) => MoreBatches::Of(id, Some(token)),
            None => MoreBatches::None,
        };
        Ok(())
    }
}
