use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

use crate::executor::{ExecutorError, RunContext};

/// Does a step of a run once, inside a [`blocking_fn`](super::blocking_fn): see
/// [`RunContext::step`].
///
/// ```
/// use batch_exec::Outcome;
/// use batch_exec::blocking::{blocking_fn, step};
///
/// # fn charge() -> Result<u64, std::io::Error> { Ok(7) }
/// let executor = blocking_fn(|run| {
///     let payment = step(&run, "charge", || Ok(charge()?))?;
///     Ok(Outcome::done(payment))
/// });
/// # let _: &dyn batch_exec::executor::Executor = &executor;
/// ```
///
/// # Errors
///
/// As [`RunContext::step`].
///
/// # Panics
///
/// Outside a plain function that an executor has on a thread of its own, such as
/// [`blocking_fn`](super::blocking_fn).
pub fn step<T>(
    run: &RunContext,
    name: &str,
    work: impl FnOnce() -> Result<T, ExecutorError>,
) -> Result<T, ExecutorError>
where
    T: Serialize + DeserializeOwned,
{
    Handle::current().block_on(run.step(name, || async { work() }))
}
