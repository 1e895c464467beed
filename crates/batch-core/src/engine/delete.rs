use super::{DeleteError, Deletion, Engine};
use crate::batch::Extent;
use crate::id::{BatchId, RunId, SubmissionId};
use crate::storage::{BatchQuery, DeleteReply, DeleteTarget, PageRequest, PageSize};

/// Deleting what has ended, for good.
impl Engine {
    /// Deletes a finished batch: its runs with their inputs, outputs and failures.
    ///
    /// No read and no listing has it from then on. Events about it that are already in the
    /// journal are still delivered, with the ids and without names and metadata where those
    /// were not read before; then comes `batch.deleted`. Its idempotency key is kept for as
    /// long as that of a pruned batch. Bytes may stay in the store's files until the space is
    /// used again.
    ///
    /// # Errors
    ///
    /// [`DeleteError::BatchNotFinished`] while a run of it may still go on;
    /// [`DeleteError::Storage`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is deleted or it is not; repeating the call is harmless.
    pub async fn delete_batch(&self, id: BatchId) -> Result<Deletion, DeleteError> {
        match self.storage().delete(DeleteTarget::Batch(id)).await? {
            DeleteReply::Deleted => Ok(Deletion::Deleted),
            DeleteReply::BatchNotFinished => Err(DeleteError::BatchNotFinished(id)),
            DeleteReply::NotFound | DeleteReply::RunNotEnded(_) => Ok(Deletion::NothingThere),
        }
    }

    /// Deletes a run that has ended: its input, output and failure.
    ///
    /// Its batch goes on counting it as it ended, and says in
    /// [`Batch::deleted`](crate::batch::Batch::deleted) how many of its runs are gone. The
    /// event `run.deleted` follows those that are in the journal already.
    ///
    /// # Errors
    ///
    /// [`DeleteError::RunNotEnded`] while the run may still go on; [`DeleteError::Storage`]
    /// where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is deleted or it is not; repeating the call is harmless.
    pub async fn delete_run(&self, run: RunId) -> Result<Deletion, DeleteError> {
        match self.storage().delete(DeleteTarget::Run(run)).await? {
            DeleteReply::Deleted => Ok(Deletion::Deleted),
            DeleteReply::RunNotEnded(state) => Err(DeleteError::RunNotEnded { run, state }),
            DeleteReply::NotFound | DeleteReply::BatchNotFinished => Ok(Deletion::NothingThere),
        }
    }

    /// Deletes all batches of a finished submission, as [`Engine::delete_batch`] does one.
    ///
    /// # Errors
    ///
    /// [`DeleteError::SubmissionNotFinished`] while a run of it may still go on, or more inputs
    /// may come; [`DeleteError::Storage`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// Some batches may be deleted and others not; repeating the call deletes the rest.
    pub async fn delete_submission(&self, id: SubmissionId) -> Result<Deletion, DeleteError> {
        let Some(submission) = self.submission(id).await? else {
            return Ok(Deletion::NothingThere);
        };
        let Some(batches) = self.finished_batches(id).await? else {
            return Err(DeleteError::SubmissionNotFinished(id));
        };
        if submission.extent == Extent::Open {
            return Err(DeleteError::SubmissionNotFinished(id));
        }
        for batch in batches {
            self.delete_batch(batch).await?;
        }
        Ok(Deletion::Deleted)
    }

    /// The batches of a submission; `None` where one of them has not finished.
    async fn finished_batches(
        &self,
        id: SubmissionId,
    ) -> Result<Option<Vec<BatchId>>, DeleteError> {
        let mut ids = Vec::new();
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
            if !page.items.iter().all(|batch| batch.is_finished()) {
                return Ok(None);
            }
            ids.extend(page.items.iter().map(|batch| batch.id));
            query.page.token = page.next;
            if query.page.token.is_none() {
                return Ok(Some(ids));
            }
        }
    }
}
