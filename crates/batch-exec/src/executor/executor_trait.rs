use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use super::{ExecutorError, Outcome, RunContext};

/// Performs runs.
///
/// A closure `|run: RunContext| async move { Ok(Outcome::done(..)) }` is one;
/// [`typed`](super::typed) makes one from a function of the host's own types,
/// [`from_fn`](super::from_fn) one from a function with an error type of its own.
///
/// # What an executor may rely on
///
/// - The claim is durable before `execute` is called.
/// - A panic is caught and counts as a failed attempt.
/// - A run can be executed again after its process died, so its effects can
///   repeat: [`RunContext::idempotency_key`] is the same each time.
///
/// # What it must keep to
///
/// - Stop soon after [`RunContext::cancellation`] fires. A grace later its
///   future is dropped, and with it the attempt ends.
/// - Never block the thread: use `tokio::task::spawn_blocking`. An executor
///   that blocks past its time limit is recorded as timed out, but its slot in
///   the pool is lost until it comes back.
///
/// ```
/// use batch_exec::{Executor, ExecutorError, Outcome, RunContext, async_trait};
///
/// struct CountWords;
///
/// #[async_trait]
/// impl Executor for CountWords {
///     async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
///         Ok(Outcome::done(run.text()?.split_whitespace().count()))
///     }
/// }
/// # let _: &dyn Executor = &CountWords;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no executor",
    note = "an executor is a function or closure `RunContext -> Future<Output = Result<Outcome, ExecutorError>>`",
    note = "one with another error type, such as `anyhow::Result<Outcome>`, becomes one with `batch_exec::executor::from_fn`",
    note = "one of your own types, `Input -> Result<Output, Error>`, becomes one with `batch_exec::executor::typed`"
)]
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Performs one attempt.
    ///
    /// # Errors
    ///
    /// Any error is a failed attempt; the retry policy decides what follows.
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError>;
}

#[async_trait]
impl<F, Fut> Executor for F
where
    F: Fn(RunContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, ExecutorError>> + Send,
{
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        self(run).await
    }
}

#[async_trait]
impl<T: Executor + ?Sized> Executor for Arc<T> {
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        T::execute(self, run).await
    }
}
