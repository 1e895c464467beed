use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use batch_exec::dispatcher::{Dispatcher, DispatcherBuilder};
use batch_exec::executor::{Outcome, RunContext};

use crate::{Broken, Opened, WORKFLOW};

/// How runs are dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispatching {
    /// Runs executed at once.
    pub concurrency: NonZeroUsize,
    /// Runs claimed ahead; `None` for the dispatcher's default.
    pub prefetch: Option<usize>,
}

impl Dispatching {
    /// 64 at once, and the default prefetch.
    pub const GROUPED: Self = Self {
        concurrency: NonZeroUsize::new(64).expect("64 is not zero"),
        prefetch: None,
    };
    /// One at a time and none ahead: a claim and a settlement by itself for each run.
    pub const SINGLY: Self = Self {
        concurrency: NonZeroUsize::MIN,
        prefetch: Some(0),
    };

    fn apply(self, builder: DispatcherBuilder) -> DispatcherBuilder {
        let builder = builder.concurrency(self.concurrency);
        match self.prefetch {
            Some(runs) => builder.prefetch(runs),
            None => builder,
        }
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
    opened: &Opened,
    batches: &[batch_core::id::BatchId],
    how: Dispatching,
) -> Result<Duration, Broken> {
    let no_op = |_: RunContext| async { Ok(Outcome::done(())) };
    let builder = Dispatcher::builder(&opened.engine).workflow(WORKFLOW, no_op);
    let start = Instant::now();
    let dispatcher = how.apply(builder).start().await?;
    for id in batches {
        opened.engine.batch_handle(*id).wait().await?;
    }
    let spent = start.elapsed();
    dispatcher.shutdown().await?;
    Ok(spent)
}
