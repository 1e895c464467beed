use std::time::Duration;

use batch_core::id::RunId;
use batch_core::run::RunState;

/// What one step of a [`TestEngine`](super::TestEngine) came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A run was executed.
    Executed {
        /// The run.
        run: RunId,
        /// Where it stands after that.
        now: RunState,
    },
    /// A run was executed, and its claim was lost meanwhile: nothing was recorded.
    Lost {
        /// The run.
        run: RunId,
    },
    /// No run is due.
    Idle {
        /// How long until one is; `None` where time alone brings none.
        next_due: Option<Duration>,
    },
}

/// What a [`TestEngine`](super::TestEngine) did until nothing was due any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Drained {
    /// How many attempts were made.
    pub attempts: u32,
    /// How long until another run is due; `None` where time alone brings none.
    pub next_due: Option<Duration>,
}
