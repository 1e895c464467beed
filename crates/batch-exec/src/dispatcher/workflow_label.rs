use batch_core::id::WorkflowId;

use crate::meter::Label;

/// Whether metrics say of which workflow they are (feature `metrics`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum WorkflowLabel {
    /// They do not: any number of workflows makes one series.
    #[default]
    Omitted,
    /// They do, in the label `workflow`: for hosts whose workflows are few and stay the same.
    Shown,
}

impl WorkflowLabel {
    /// The label of what is measured of a workflow.
    pub(crate) fn of(self, workflow: &WorkflowId) -> Label<'_> {
        let shown = self == Self::Shown;
        ("workflow", shown.then_some(workflow.as_str()))
    }
}
