use super::Engine;
use crate::catalogue::Workflow;
use crate::id::{BatchId, RunId, WorkflowId};
use crate::storage::{
    CancelReply, CancelTarget, Page, PageRequest, PruneRequest, Pruned, StorageError,
    WorkflowChange, WorkflowReply,
};

/// Control of runs and batches, the catalogue, retention.
impl Engine {
    /// Cancels a run. One that waits ends at once; one that is held is asked to stop.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// The run is cancelled or it is not; repeating the call is harmless.
    pub async fn cancel_run(&self, id: RunId) -> Result<CancelReply, StorageError> {
        self.storage().cancel(CancelTarget::Run(id)).await
    }

    /// Cancels every run of a batch that has not ended, at a cost that does not grow with
    /// their number.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// The batch is cancelled or it is not; repeating the call is harmless.
    pub async fn cancel_batch(&self, id: BatchId) -> Result<CancelReply, StorageError> {
        self.storage().cancel(CancelTarget::Batch(id)).await
    }

    /// Creates a workflow without versions.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is created or it is not; repeating the call says that it exists.
    pub async fn create_workflow(&self, id: WorkflowId) -> Result<WorkflowReply, StorageError> {
        self.change(id, WorkflowChange::Create).await
    }

    /// Saves a workflow's draft, in place of the one before.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is saved or it is not; repeating the call is harmless.
    pub async fn save_draft(&self, id: WorkflowId) -> Result<WorkflowReply, StorageError> {
        self.change(id, WorkflowChange::SaveDraft).await
    }

    /// Deploys a workflow's next version.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is deployed or it is not; repeating the call may deploy one version more.
    pub async fn deploy(&self, id: WorkflowId) -> Result<WorkflowReply, StorageError> {
        self.change(id, WorkflowChange::Deploy).await
    }

    /// Creates a workflow unless it is there, and deploys version 1 unless one is deployed.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// It is done whole or not at all; repeating the call is harmless.
    pub async fn ensure_deployed(&self, id: WorkflowId) -> Result<WorkflowReply, StorageError> {
        self.change(id, WorkflowChange::EnsureDeployed).await
    }

    /// Reads a workflow; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn workflow(&self, id: WorkflowId) -> Result<Option<Workflow>, StorageError> {
        self.storage().workflow(id).await
    }

    /// Lists workflows by id, one page at a time.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read, or the page token is of another list.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn workflows(&self, page: PageRequest) -> Result<Page<Workflow>, StorageError> {
        self.storage().workflows(page).await
    }

    /// Deletes old finished batches, a bounded number at a time; never one that a sink has
    /// not seen. Call it again until nothing is pruned.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot write.
    ///
    /// # Cancel safety
    ///
    /// Some batches may be gone; each is there whole or gone whole.
    pub async fn prune(&self, request: PruneRequest) -> Result<Pruned, StorageError> {
        self.storage().prune(request).await
    }

    async fn change(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Result<WorkflowReply, StorageError> {
        self.storage().change_workflow(id, change).await
    }
}
