use crate::batch::Flow;
use crate::catalogue::{Workflow, WorkflowLimits};

/// What to change about a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkflowChange {
    /// Create it, without versions.
    Create,
    /// Save its draft, in place of the one before.
    SaveDraft,
    /// Deploy its next version.
    Deploy,
    /// Create it unless it is there, and deploy version 1 unless one is deployed.
    EnsureDeployed,
    /// Let waiting runs be claimed, or let them wait. What is held goes on.
    SetFlow(Flow),
    /// Set how much of it is executed at a time, in place of what was set before.
    SetLimits(WorkflowLimits),
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkflowReply {
    /// The workflow as it now is.
    Changed(Workflow),
    /// There is one of that name already. Nothing was changed.
    Exists(Workflow),
    /// There is none of that name.
    Unknown,
}
