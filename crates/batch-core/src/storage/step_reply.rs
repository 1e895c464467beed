use crate::run::{Step, StepsFull};

/// What became of a step that was to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepReply {
    /// It is recorded.
    Recorded,
    /// The run has recorded one of this name before; this one, which stays.
    Known(Step),
    /// The run cannot record it; nothing was changed.
    Refused(StepsFull),
    /// The claim is no longer current; nothing was changed.
    Stale,
}
