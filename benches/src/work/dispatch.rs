use std::fmt;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use batch_core::engine::Engine;
use batch_exec::dispatcher::{Dispatcher, DispatcherBuilder};
use batch_exec::executor::{Outcome, RunContext};

use crate::{Broken, WORKFLOW};

/// How runs are dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispatching {
    /// Runs executed at once.
    pub concurrency: NonZeroUsize,
    /// The most runs claimed ahead.
    pub prefetch: usize,
}

impl Dispatching {
    /// 8 at once and 16 ahead, as in the fairness test of `batch-exec`: speed that is not
    /// bought with unfairness.
    pub const FAIR: Self = Self {
        concurrency: NonZeroUsize::new(8).expect("8 is not zero"),
        prefetch: 16,
    };
    /// 64 at once and 256 ahead, in the fairness test of `batch-exec` too.
    pub const WIDE: Self = Self {
        concurrency: NonZeroUsize::new(64).expect("64 is not zero"),
        prefetch: 256,
    };
    /// One at a time and none ahead: a claim and a settlement by itself for each run.
    pub const SINGLY: Self = Self {
        concurrency: NonZeroUsize::MIN,
        prefetch: 0,
    };

    fn apply(self, builder: DispatcherBuilder) -> DispatcherBuilder {
        let builder = builder.concurrency(self.concurrency);
        builder.prefetch(self.prefetch)
    }
}

impl fmt::Display for Dispatching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at once, {} ahead", self.concurrency, self.prefetch)
    }
}

/// Executes all runs that wait, which do nothing, and says how long that took.
///
/// From the start of the dispatcher until every batch is finished, durably; the
/// dispatcher's shutdown is not in the time.
///
/// # Errors
///
/// When the store refuses.
pub async fn dispatch(
    engine: &Engine,
    batches: &[batch_core::id::BatchId],
    how: Dispatching,
) -> Result<Duration, Broken> {
    let no_op = |_: RunContext| async { Ok(Outcome::done(())) };
    let builder = Dispatcher::builder(engine).workflow(WORKFLOW, no_op);
    let start = Instant::now();
    let dispatcher = how.apply(builder).start().await?;
    for id in batches {
        engine.batch_handle(*id).wait().await?;
    }
    let spent = start.elapsed();
    dispatcher.shutdown().await?;
    Ok(spent)
}
