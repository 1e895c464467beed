use batch_core::id::WorkflowId;
use batch_core::storage::{Claim, ClaimedRun};

/// A claim that is held, and what it is a claim for.
#[derive(Debug)]
pub(super) struct HeldClaim {
    pub(super) claim: Claim,
    pub(super) workflow: WorkflowId,
}

impl HeldClaim {
    /// The claim of a run that is about to be executed, whose executor gets the rest.
    pub(super) fn of(claimed: &ClaimedRun) -> Self {
        let claim = &claimed.claim;
        Self {
            claim: Claim::new(claim.key(), claim.attempt()),
            workflow: claimed.workflow.clone(),
        }
    }
}
