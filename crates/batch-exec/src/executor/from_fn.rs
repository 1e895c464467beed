use std::fmt;
use std::future::Future;

use async_trait::async_trait;

use super::{Executor, ExecutorError, Outcome, RunContext};

/// An executor made of a function with an error type of its own. See [`from_fn`].
pub struct FromFn<F>(F);

/// Makes an executor of a function with any error type, such as `anyhow::Result<Outcome>`.
///
/// A closure whose body decides its error type by `?` alone needs no wrapper.
///
/// ```
/// use batch_exec::executor::{Outcome, RunContext, from_fn};
///
/// async fn count(run: RunContext) -> anyhow::Result<Outcome> {
///     Ok(Outcome::done(run.text()?.len()))
/// }
/// let executor = from_fn(count);
/// # let _: &dyn batch_exec::executor::Executor = &executor;
/// ```
pub fn from_fn<F, Fut, E>(function: F) -> FromFn<F>
where
    F: Fn(RunContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, E>> + Send,
    E: Into<ExecutorError>,
{
    FromFn(function)
}

#[async_trait]
impl<F, Fut, E> Executor for FromFn<F>
where
    F: Fn(RunContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, E>> + Send,
    E: Into<ExecutorError>,
{
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        (self.0)(run).await.map_err(Into::into)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}
