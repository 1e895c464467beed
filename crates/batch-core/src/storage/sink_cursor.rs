use crate::id::SinkName;
use crate::journal::Sequence;

/// Where a sink that is new to the store begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SinkStart {
    /// With the oldest entry that is kept.
    #[default]
    Beginning,
    /// With what happens from now on.
    Now,
}

/// How far a sink has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkCursor {
    /// The sink.
    pub sink: SinkName,
    /// The last entry it has dealt with.
    pub position: Sequence,
}
