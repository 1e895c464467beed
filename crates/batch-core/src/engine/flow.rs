use super::{BatchHandle, Engine, HandleError, SubmissionHandle};
use crate::batch::{Batch, Flow};
use crate::catalogue::WorkflowLimits;
use crate::id::{BatchId, WorkflowId};
use crate::storage::{
    BatchQuery, FlowReply, PageRequest, PageSize, StorageError, WorkflowChange, WorkflowReply,
};

/// Pausing, resuming and limiting.
impl Engine {
    /// Lets no waiting run of a workflow be claimed until it is resumed. What is held goes on.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is paused or it is not; repeating the call is harmless.
    pub async fn pause_workflow(&self, id: WorkflowId) -> Result<WorkflowReply, StorageError> {
        let pause = WorkflowChange::SetFlow(Flow::Paused);
        self.storage().change_workflow(id, pause).await
    }

    /// Lets waiting runs of a workflow be claimed again, but for batches that are paused
    /// themselves.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is resumed or it is not; repeating the call is harmless.
    pub async fn resume_workflow(&self, id: WorkflowId) -> Result<WorkflowReply, StorageError> {
        let resume = WorkflowChange::SetFlow(Flow::Going);
        self.storage().change_workflow(id, resume).await
    }

    /// Bounds how much of a workflow is executed at a time, by all who execute it together; in
    /// place of the limits it had.
    ///
    /// Those who wait for a limit hear within a second that it was raised.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// The limits are set or they are not; repeating the call is harmless.
    pub async fn limit_workflow(
        &self,
        id: WorkflowId,
        limits: WorkflowLimits,
    ) -> Result<WorkflowReply, StorageError> {
        let limit = WorkflowChange::SetLimits(limits);
        self.storage().change_workflow(id, limit).await
    }

    /// Lets no waiting run of a batch be claimed until it is resumed. What is held goes on, and
    /// the batch can still be cancelled or expire.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is paused or it is not; repeating the call is harmless.
    pub async fn pause_batch(&self, id: BatchId) -> Result<FlowReply, StorageError> {
        self.storage().set_flow(id, Flow::Paused).await
    }

    /// Lets waiting runs of a batch be claimed again, unless its workflow is paused.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is resumed or it is not; repeating the call is harmless.
    pub async fn resume_batch(&self, id: BatchId) -> Result<FlowReply, StorageError> {
        self.storage().set_flow(id, Flow::Going).await
    }
}

impl BatchHandle {
    /// Lets no waiting run be claimed until the batch is resumed, as [`Engine::pause_batch`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is paused or it is not; repeating the call is harmless.
    pub async fn pause(&self) -> Result<FlowReply, StorageError> {
        self.engine.pause_batch(self.id()).await
    }

    /// Lets waiting runs be claimed again, as [`Engine::resume_batch`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is resumed or it is not; repeating the call is harmless.
    pub async fn resume(&self) -> Result<FlowReply, StorageError> {
        self.engine.resume_batch(self.id()).await
    }
}

impl SubmissionHandle {
    /// Pauses every batch stored so far that has not finished; gives the number of batches that
    /// were not paused before.
    ///
    /// A submit that goes on meanwhile may store more batches, which go: stop it first, or
    /// pause the workflow.
    ///
    /// # Errors
    ///
    /// [`HandleError::SubmissionNotFound`] where there is no such submission,
    /// [`HandleError::Storage`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// Some batches may be paused and others not; repeating the call is harmless.
    pub async fn pause(&self) -> Result<u32, HandleError> {
        self.set_flow(Flow::Paused).await
    }

    /// Resumes every batch of it that is paused; gives their number.
    ///
    /// # Errors
    ///
    /// [`HandleError::SubmissionNotFound`] where there is no such submission,
    /// [`HandleError::Storage`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// Some batches may be resumed and others not; repeating the call is harmless.
    pub async fn resume(&self) -> Result<u32, HandleError> {
        self.set_flow(Flow::Going).await
    }

    async fn set_flow(&self, flow: Flow) -> Result<u32, HandleError> {
        let engine = &self.engine;
        let known = engine.submission(self.id()).await?;
        known.ok_or(HandleError::SubmissionNotFound(self.id()))?;
        let mut changed = 0;
        let mut query = BatchQuery {
            submission: Some(self.id()),
            page: PageRequest {
                size: PageSize::MAX,
                token: None,
            },
            ..BatchQuery::default()
        };
        loop {
            let page = engine.batches(query.clone()).await?;
            let other = |batch: &&Batch| batch.flow != flow && !batch.is_finished();
            for batch in page.items.iter().filter(other) {
                let reply = engine.storage().set_flow(batch.id, flow).await?;
                changed += u32::from(reply == FlowReply::Changed);
            }
            query.page.token = page.next;
            if query.page.token.is_none() {
                return Ok(changed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::SubmissionRequest;
    use super::super::fake_storage::{FakeStorage, WORKFLOW};
    use super::*;
    use crate::request::Input;
    use crate::run::RunState;
    use crate::storage::Storage;

    async fn submitted(storage: &Arc<FakeStorage>) -> SubmissionHandle {
        let engine = storage.engine(2).await;
        let inputs = (0..6).map(|n| Input::text(n.to_string()));
        let request = SubmissionRequest::new(WORKFLOW);
        engine.submit_all(request, inputs).await.unwrap()
    }

    async fn flows(storage: &FakeStorage) -> Vec<Flow> {
        let batches = storage.batches(BatchQuery::default()).await.unwrap();
        batches.items.iter().map(|batch| batch.flow).collect()
    }

    #[tokio::test]
    async fn pausing_a_submission_pauses_each_batch_that_has_not_finished() {
        let storage = FakeStorage::new();
        let submission = submitted(&storage).await;
        storage.put_all(storage.stored()[0].id, RunState::Processed);
        assert_eq!(submission.pause().await.unwrap(), 2);
        assert_eq!(
            flows(&storage).await,
            [Flow::Going, Flow::Paused, Flow::Paused]
        );
        assert_eq!(submission.pause().await.unwrap(), 0);
        assert_eq!(submission.resume().await.unwrap(), 2);
        assert_eq!(flows(&storage).await, [Flow::Going; 3]);
    }

    #[tokio::test]
    async fn pausing_a_submission_that_is_not_there_is_an_error() {
        let storage = FakeStorage::new();
        let engine = storage.engine(2).await;
        let missing = crate::id::SubmissionId::of_first_batch(BatchId::generate());
        let error = engine.submission_handle(missing).pause().await.unwrap_err();
        assert!(matches!(error, HandleError::SubmissionNotFound(id) if id == missing));
    }
}
