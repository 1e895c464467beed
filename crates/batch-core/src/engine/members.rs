use std::collections::HashMap;

use super::Engine;
use crate::batch::{Batch, Extent};
use crate::id::{BatchId, SubmissionId};
use crate::storage::{BatchQuery, PageRequest, PageSize, StorageError};

/// The batches of a submission, and how many of their runs were given.
#[derive(Debug)]
pub(super) struct Members {
    id: SubmissionId,
    /// The runs that were given of each, since the reading began.
    given: HashMap<BatchId, u32>,
    /// Whether there were more to come when they were listed.
    extent: Extent,
}

impl Members {
    /// Lists the batches of a submission; `None` where there is none.
    pub(super) async fn list(
        engine: &Engine,
        id: SubmissionId,
    ) -> Result<Option<Self>, StorageError> {
        let Some(submission) = engine.submission(id).await? else {
            return Ok(None);
        };
        let mut members = Self {
            id,
            given: HashMap::new(),
            extent: submission.extent,
        };
        members.list_again(engine).await?;
        Ok(Some(members))
    }

    /// Lists those that have been stored meanwhile.
    pub(super) async fn list_again(&mut self, engine: &Engine) -> Result<(), StorageError> {
        let given = &mut self.given;
        each(engine, self.id, |batch| {
            given.entry(batch.id).or_default();
        })
        .await
    }

    /// A batch was created: it may be one that was not there when they were listed.
    pub(super) async fn meet(
        &mut self,
        engine: &Engine,
        batch: BatchId,
    ) -> Result<(), StorageError> {
        if self.extent == Extent::Complete || self.has(batch) {
            return Ok(());
        }
        let found = engine.batch(batch).await?;
        if found.is_some_and(|batch| batch.submission == self.id) {
            self.given.insert(batch, 0);
        }
        Ok(())
    }

    pub(super) fn has(&self, batch: BatchId) -> bool {
        self.given.contains_key(&batch)
    }

    /// So many more runs of a batch were given.
    pub(super) fn give(&mut self, batch: BatchId, runs: u32) {
        if let Some(given) = self.given.get_mut(&batch) {
            *given += runs;
        }
    }

    /// How many runs of batches that are there have ended and were not given; at most so many,
    /// where others are gone.
    ///
    /// `inputs` is how many the submission has had, and `before` how many runs were given before
    /// this reading began, of whichever batches.
    pub(super) async fn missing(
        &self,
        engine: &Engine,
        inputs: u64,
        before: u64,
    ) -> Result<u64, StorageError> {
        let (mut runs, mut ended, mut given) = (0, 0, 0);
        each(engine, self.id, |batch| {
            runs += batch.counts.total();
            ended += batch.counts.ended();
            given += self
                .given
                .get(&batch.id)
                .map_or(0, |given| u64::from(*given));
        })
        .await?;
        let of_all: u64 = self.given.values().map(|given| u64::from(*given)).sum();
        let gone = inputs.saturating_sub(runs);
        let gone_before = gone.saturating_sub(of_all - given);
        let there_before = before.saturating_sub(gone_before);
        Ok(ended.saturating_sub(given + there_before))
    }
}

/// Shows every batch of a submission.
async fn each(
    engine: &Engine,
    id: SubmissionId,
    mut show: impl FnMut(&Batch) + Send,
) -> Result<(), StorageError> {
    let mut query = BatchQuery {
        submission: Some(id),
        page: PageRequest {
            size: PageSize::MAX,
            token: None,
        },
        ..BatchQuery::default()
    };
    loop {
        let page = engine.batches(query.clone()).await?;
        page.items.iter().for_each(&mut show);
        query.page.token = page.next;
        if query.page.token.is_none() {
            return Ok(());
        }
    }
}
