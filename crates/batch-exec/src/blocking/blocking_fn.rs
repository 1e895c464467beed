use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::spawn_blocking;
use tracing::Span;

use crate::executor::{Executor, ExecutorError, Outcome, RunContext};

/// An executor made of a function that may block. See [`blocking_fn`].
pub struct BlockingFn<F>(Arc<F>);

/// Makes an executor of a plain function, which may block: each call has a thread of its own.
///
/// A thread cannot be stopped from outside. A function that takes long looks at
/// [`RunContext::cancellation`] now and then (`is_cancelled`). One that does
/// not is given up like any executor, and then goes on unseen, while another
/// attempt may begin.
///
/// ```
/// use batch_exec::Outcome;
/// use batch_exec::blocking::blocking_fn;
///
/// let executor = blocking_fn(|run| Ok(Outcome::done(run.text()?.len())));
/// # let _: &dyn batch_exec::executor::Executor = &executor;
/// ```
pub fn blocking_fn<F>(function: F) -> BlockingFn<F>
where
    F: Fn(RunContext) -> Result<Outcome, ExecutorError> + Send + Sync + 'static,
{
    BlockingFn(Arc::new(function))
}

#[async_trait]
impl<F> Executor for BlockingFn<F>
where
    F: Fn(RunContext) -> Result<Outcome, ExecutorError> + Send + Sync + 'static,
{
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        let function = Arc::clone(&self.0);
        let span = Span::current();
        let ended = spawn_blocking(move || span.in_scope(|| function(run))).await;
        ended.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            Err(error) => Err(error.into()),
        })
    }
}

impl<F> fmt::Debug for BlockingFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockingFn")
    }
}
