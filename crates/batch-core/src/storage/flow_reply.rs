/// What became of pausing or resuming a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowReply {
    /// It is as asked for from now on.
    Changed,
    /// It was so already. Nothing was changed.
    Unchanged,
    /// Every run of it has ended. Nothing was changed.
    BatchFinished,
    /// There is no such batch.
    NotFound,
}
