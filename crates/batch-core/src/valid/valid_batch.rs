use super::{Share, ValidInput};
use crate::id::{IdempotencyKey, WorkflowId};
use crate::request::{Priority, Timing, VersionSelector};

/// A batch that passed every check. Only [`validate`](super::validate) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidBatch {
    pub(crate) workflow: WorkflowId,
    pub(crate) version: VersionSelector,
    pub(crate) priority: Priority,
    pub(crate) timing: Timing,
    pub(crate) share: Option<Share>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    pub(crate) inputs: Vec<ValidInput>,
}

impl ValidBatch {
    /// The workflow to run.
    #[must_use]
    pub fn workflow(&self) -> &WorkflowId {
        &self.workflow
    }

    /// The version asked for, not yet resolved.
    #[must_use]
    pub fn version(&self) -> VersionSelector {
        self.version
    }

    /// How soon.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// When its runs may begin, and until when; to the millisecond.
    #[must_use]
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// For whom it is executed; `None` where nobody said.
    #[must_use]
    pub fn share(&self) -> Option<&Share> {
        self.share.as_ref()
    }

    /// The key under which this submit happens once.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.idempotency_key.as_ref()
    }

    /// The inputs, at least one; the place of each is its ordinal.
    #[must_use]
    pub fn inputs(&self) -> &[ValidInput] {
        &self.inputs
    }
}
