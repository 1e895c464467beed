use jiff::Timestamp;

use super::served_workflows::Serving;
use super::{Engine, WaitReason};
use crate::batch::{Batch, Flow};
use crate::id::WorkflowId;
use crate::run::{Run, RunState};
use crate::storage::StorageError;

/// Why runs wait.
impl Engine {
    /// Why a run is not executed yet; `None` where it does not wait.
    ///
    /// Where several reasons hold it is the first of them in the order of [`WaitReason`].
    /// Who executes what is known of dispatchers on this engine and its clones, not of other
    /// processes: where several work on one store, another may be about to take it.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read the run's batch or workflow.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn run_waits_for(&self, run: &Run) -> Result<Option<WaitReason>, StorageError> {
        if run.state != RunState::Pending {
            return Ok(None);
        }
        let Some(batch) = self.batch(run.id.batch()).await? else {
            return Ok(None);
        };
        self.reason(&batch, run.due_at).await.map(Some)
    }

    /// Why the runs of a batch that wait are not executed yet; `None` where none waits. What a
    /// single run waits for, such as another attempt, is said by [`Engine::run_waits_for`].
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot read the batch's workflow.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn batch_waits_for(&self, batch: &Batch) -> Result<Option<WaitReason>, StorageError> {
        if batch.counts.pending == 0 {
            return Ok(None);
        }
        self.reason(batch, batch.timing.not_before).await.map(Some)
    }

    /// Whether a dispatcher on this engine or a clone of it executes a workflow.
    #[must_use]
    pub fn is_served(&self, workflow: &WorkflowId) -> bool {
        self.served().contains(workflow)
    }

    /// Says that somebody executes these workflows, until what it gives is dropped.
    ///
    /// A dispatcher says so by itself. Nothing depends on it but what is told of runs that wait.
    pub fn serve(&self, workflows: impl IntoIterator<Item = WorkflowId>) -> Serving {
        Serving::begin(self.served(), workflows.into_iter().collect())
    }

    async fn reason(
        &self,
        batch: &Batch,
        due_at: Option<Timestamp>,
    ) -> Result<WaitReason, StorageError> {
        let workflow = &batch.workflow;
        if !self.is_served(workflow) {
            return Ok(WaitReason::NotExecuted(workflow.clone()));
        }
        let kept = self.workflow(workflow.clone()).await?;
        if kept.is_some_and(|kept| kept.flow == Flow::Paused) {
            return Ok(WaitReason::WorkflowPaused(workflow.clone()));
        }
        if batch.flow == Flow::Paused {
            return Ok(WaitReason::BatchPaused(batch.id));
        }
        let later = due_at.filter(|due_at| *due_at > self.clock().now().wall);
        Ok(later.map_or(WaitReason::Turn, WaitReason::NotDue))
    }
}
