use batch_core::engine::SinkLag;
use batch_core::time::Timestamp;

/// How a sink of a dispatcher does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkStatus {
    /// How far it has come, and how far it could be.
    pub lag: SinkLag,
    /// What it is doing.
    pub activity: SinkActivity,
    /// Why a delivery failed last, since the dispatcher began.
    pub last_failure: Option<SinkFailure>,
}

/// What a sink is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkActivity {
    /// It waits for events, or for the store.
    Idle,
    /// It has some since then, and has not yet said whether it takes them.
    ///
    /// One that has them for long hangs, or blocks its thread.
    Delivering {
        /// When it got them.
        since: Timestamp,
    },
    /// It failed, and gets the same again.
    Failing {
        /// When it failed first.
        since: Timestamp,
        /// How often in a row.
        failures: u32,
    },
    /// It receives nothing any more: the store failed for good, or the dispatcher has stopped.
    Stopped,
}

/// A delivery that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkFailure {
    /// What the sink said, or that it panicked.
    pub error: String,
    /// When.
    pub at: Timestamp,
}
