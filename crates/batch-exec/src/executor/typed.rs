use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use async_trait::async_trait;
use batch_core::valid::Source;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Executor, ExecutorError, Outcome, RunContext};

/// An executor of the host's own types. See [`typed`].
pub struct Typed<T, F> {
    function: F,
    input: PhantomData<fn() -> T>,
}

/// Makes an executor of a function from one type of the host's to another.
///
/// The input is read from the text, as JSON, where the run has a text, and
/// from the metadata where it has a file. An input that does not fit fails the
/// run for good, as `INVALID_INPUT`. What the function returns is the output.
///
/// ```
/// use batch_exec::executor::{RunContext, typed};
///
/// #[derive(serde::Deserialize)]
/// struct Invoice { net: u64, tax: u64 }
///
/// let executor = typed(|invoice: Invoice, _run: RunContext| async move {
///     Ok(invoice.net + invoice.tax)
/// });
/// # let _: &dyn batch_exec::executor::Executor = &executor;
/// ```
pub fn typed<T, U, F, Fut>(function: F) -> Typed<T, F>
where
    T: DeserializeOwned + Send + 'static,
    U: Serialize + Send,
    F: Fn(T, RunContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<U, ExecutorError>> + Send,
{
    Typed {
        function,
        input: PhantomData,
    }
}

#[async_trait]
impl<T, U, F, Fut> Executor for Typed<T, F>
where
    T: DeserializeOwned + Send + 'static,
    U: Serialize + Send,
    F: Fn(T, RunContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<U, ExecutorError>> + Send,
{
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        match parse(&run) {
            Ok(input) => Ok(Outcome::done((self.function)(input, run).await?)),
            Err(error) => Ok(Outcome::fail("INVALID_INPUT", error.to_string())),
        }
    }
}

/// Reads the input of a run as a type of the host's.
fn parse<T: DeserializeOwned>(run: &RunContext) -> serde_json::Result<T> {
    match run.source() {
        Source::Text { text, .. } => serde_json::from_str(text),
        _ => serde_json::from_str(run.metadata().as_json()),
    }
}

impl<T, F> fmt::Debug for Typed<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Typed<{}>", std::any::type_name::<T>())
    }
}
