use batch_core::id::WorkflowId;
use batch_core::storage::Claim;

/// A claim that is held, and what it is a claim for.
#[derive(Debug)]
pub(super) struct HeldClaim {
    pub(super) claim: Claim,
    pub(super) workflow: WorkflowId,
}
