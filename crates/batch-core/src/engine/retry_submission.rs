use super::{
    Engine, Replay, RetryError, RetryOptions, RetryVersion, SubmissionHandle, SubmitError,
};
use crate::batch::{Batch, Extent};
use crate::catalogue::Version;
use crate::id::SubmissionId;
use crate::ordinal::OrdinalSet;
use crate::storage::{BatchQuery, NewBatch, PageRequest, PageSize, StorageError};

/// Running the failed runs of a submission again.
impl Engine {
    /// Runs the failed runs of all batches of a submission again, as a new submission: one batch
    /// for each that has failed runs, which says whose retry it is.
    ///
    /// All else is as with [`Engine::retry_failed`]. The version is chosen with the first batch
    /// and holds for all. Of the secrets only the shared ones are given: those of single runs
    /// are by their place in one batch. In a bounded queue it waits for room.
    ///
    /// # Errors
    ///
    /// [`RetryError::SubmissionNotFound`], [`RetryError::NoRunFailed`], or
    /// [`RetryError::Submit`] where one of the new batches is refused, for missing secrets too:
    /// those before it are stored then. [`RetryError::Storage`] where the failed runs cannot be
    /// read.
    ///
    /// # Cancel safety
    ///
    /// Some of the new batches may be stored. With an idempotency key the call can be repeated
    /// and adds the rest; without one that may run some runs twice.
    pub async fn retry_failed_of(
        &self,
        id: SubmissionId,
        options: RetryOptions,
    ) -> Result<SubmissionHandle, RetryError> {
        let failed = self.failed_of(id).await.map_err(RetryError::Storage)?;
        let failed = failed.ok_or(RetryError::SubmissionNotFound(id))?;
        let Some(last) = failed.len().checked_sub(1) else {
            return Err(RetryError::NoRunFailed(id));
        };
        let mut parts = RetriedParts::new(self, options);
        for (place, (batch, runs)) in failed.into_iter().enumerate() {
            let extent = match place == last {
                true => Extent::Complete,
                false => Extent::Open,
            };
            parts.add(&batch, runs, extent).await?;
        }
        Ok(parts.handle())
    }

    /// The batches of a submission that have failed runs, and which; `None` where there is no
    /// such submission.
    async fn failed_of(
        &self,
        id: SubmissionId,
    ) -> Result<Option<Vec<(Batch, OrdinalSet)>>, StorageError> {
        if self.submission(id).await?.is_none() {
            return Ok(None);
        }
        let mut all = Vec::new();
        let mut query = BatchQuery {
            submission: Some(id),
            page: PageRequest {
                size: PageSize::MAX,
                token: None,
            },
            ..BatchQuery::default()
        };
        loop {
            let page = self.batches(query.clone()).await?;
            let has_some = |b: &Batch| b.counts.failed + b.counts.rejected > 0;
            for batch in page.items.into_iter().filter(has_some) {
                let runs = self.failed_ordinals(batch.id).await?;
                if !runs.is_empty() {
                    all.push((batch, runs));
                }
            }
            query.page.token = page.next;
            if query.page.token.is_none() {
                return Ok(Some(all));
            }
        }
    }
}

/// The batches of the new submission that are stored so far.
struct RetriedParts<'a> {
    engine: &'a Engine,
    options: RetryOptions,
    submission: SubmissionId,
    first: Replay,
    batches: u32,
    inputs: u64,
    /// What all batches get, once the first one has it.
    version: Option<Version>,
}

impl<'a> RetriedParts<'a> {
    fn new(engine: &'a Engine, mut options: RetryOptions) -> Self {
        let submission = SubmissionId::of_first_batch(engine.new_id());
        options.secrets.clear();
        Self {
            engine,
            options,
            submission,
            first: Replay::New,
            batches: 0,
            inputs: 0,
            version: None,
        }
    }

    /// Stores the retry of one batch.
    async fn add(
        &mut self,
        batch: &Batch,
        runs: OrdinalSet,
        extent: Extent,
    ) -> Result<(), RetryError> {
        let mut batch = batch.clone();
        let mut options = self.options.clone();
        if let Some(version) = self.version {
            batch.version = version;
            options.version = RetryVersion::Keep;
        }
        let content = self.engine.content_of(&batch, &runs, &options).await?;
        let id = match self.batches {
            0 => self.submission.first_batch(),
            _ => self.engine.new_id(),
        };
        let again = NewBatch {
            id,
            submission: self.submission,
            part: self.batches,
            extent,
            retry_of: Some(batch.id),
            queue_bound: None,
            content,
        };
        let inserted = self.engine.insert_waiting(again, self.inputs).await;
        let inserted = inserted.map_err(RetryError::Submit)?;
        if self.batches == 0 {
            self.submission = SubmissionId::of_first_batch(inserted.batch);
            self.first = inserted.replay;
            let stored = self.engine.batch(inserted.batch).await;
            let stored = stored
                .map_err(SubmitError::from)
                .map_err(RetryError::Submit)?;
            self.version = stored.map(|batch| batch.version);
        }
        self.batches += 1;
        self.inputs += u64::from(runs.len());
        Ok(())
    }

    fn handle(&self) -> SubmissionHandle {
        SubmissionHandle::submitted(self.engine.clone(), self.submission, self.first)
    }
}
