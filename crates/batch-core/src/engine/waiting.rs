use super::served_workflows::Serving;
use super::{Engine, WaitReason};
use crate::batch::Batch;
use crate::id::WorkflowId;
use crate::run::Run;

/// Why runs wait.
impl Engine {
    /// Why a run is not executed yet; `None` where it does not wait.
    ///
    /// Who executes what is known of dispatchers on this engine and its clones, not of other
    /// processes: where several work on one store, another may be about to take it.
    #[must_use]
    pub fn run_waits_for(&self, run: &Run) -> Option<WaitReason> {
        WaitReason::of_run(run, self.is_served(&run.workflow), self.clock().now().wall)
    }

    /// Why the runs of a batch that wait are not executed yet; `None` where none waits. What a
    /// single run waits for, such as another attempt, is said by [`Engine::run_waits_for`].
    #[must_use]
    pub fn batch_waits_for(&self, batch: &Batch) -> Option<WaitReason> {
        let served = self.is_served(&batch.workflow);
        WaitReason::of_batch(batch, served, self.clock().now().wall)
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
}
