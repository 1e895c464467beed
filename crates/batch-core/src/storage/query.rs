use super::PageRequest;
use crate::batch::BatchState;
use crate::id::{BatchId, SubmissionId, WorkflowId};
use crate::ordinal::OrdinalSet;
use crate::run::RunState;

/// In which direction a list goes. Ids order by the time of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SortOrder {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
}

/// Asks for batches; every condition that is set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BatchQuery {
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Of this submission. They then come in the order of their parts.
    pub submission: Option<SubmissionId>,
    /// In this state.
    pub state: Option<BatchState>,
    /// In which direction, by id.
    pub order: SortOrder,
    /// Which page.
    pub page: PageRequest,
}

/// Whether a list of runs brings their outputs along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OutputDetail {
    /// No outputs.
    #[default]
    Omitted,
    /// With outputs; a page may then be short, so that it stays bounded in bytes.
    Included,
}

/// Asks for runs; every condition that is set must hold. They come by id, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RunQuery {
    /// Of this batch.
    pub batch: Option<BatchId>,
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// In this state.
    pub state: Option<RunState>,
    /// At one of these places in the batch. Says nothing without a batch.
    pub among: Option<OrdinalSet>,
    /// With outputs or without.
    pub output: OutputDetail,
    /// Which page.
    pub page: PageRequest,
}
