//! The host's code that performs a run.

mod executor_error;
mod executor_trait;
mod from_fn;
mod input_error;
mod outcome;
mod run_context;
#[cfg(feature = "tower")]
mod service_executor;
mod typed;

pub use executor_error::ExecutorError;
pub use executor_trait::Executor;
pub use from_fn::{FromFn, from_fn};
pub use input_error::InputError;
pub use outcome::Outcome;
pub use run_context::RunContext;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use service_executor::{ServiceExecutor, from_service};
pub use typed::{Typed, typed};
