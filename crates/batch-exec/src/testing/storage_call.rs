/// One call of a [`FaultyStorage`](super::FaultyStorage).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageCall {
    /// Which call of the store it is, from 1.
    pub number: u64,
    /// What was called.
    pub method: StorageMethod,
}

/// The methods of [`Storage`](batch_core::storage::Storage) that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "each is named after its method, which has the docs"
)]
pub enum StorageMethod {
    Insert,
    Claim,
    Settle,
    Renew,
    RecordStep,
    Steps,
    Cancel,
    SetFlow,
    Review,
    Batch,
    Batches,
    Submission,
    Run,
    Runs,
    Inputs,
    Journal,
    OpenSink,
    AdvanceSink,
    RemoveSink,
    Sinks,
    ChangeWorkflow,
    Workflow,
    Workflows,
    Delete,
    UpdateRun,
    Prune,
    Wait,
    Close,
}

impl StorageMethod {
    /// Whether it may write, and so may end in doubt.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::Insert
                | Self::Claim
                | Self::Settle
                | Self::Renew
                | Self::RecordStep
                | Self::Cancel
                | Self::SetFlow
                | Self::Review
                | Self::OpenSink
                | Self::AdvanceSink
                | Self::RemoveSink
                | Self::ChangeWorkflow
                | Self::Delete
                | Self::UpdateRun
                | Self::Prune
        )
    }
}
