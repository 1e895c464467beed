//! The host's code that performs a run.

mod executor_error;
mod executor_trait;
mod from_fn;
mod input_error;
mod outcome;
mod reach;
mod run_context;
mod run_progress;
mod run_stop;
#[cfg(feature = "tower")]
mod service_executor;
mod step_book;
mod step_error;
mod typed;

pub use executor_error::ExecutorError;
pub use executor_trait::Executor;
pub use from_fn::{FromFn, from_fn};
pub use input_error::InputError;
pub use outcome::Outcome;
pub(crate) use reach::Reach;
pub use run_context::RunContext;
pub use run_progress::RunProgress;
pub(crate) use run_progress::{Board, Seat};
pub(crate) use run_stop::RunStop;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use service_executor::{ServiceExecutor, from_service};
pub(crate) use step_book::StepBook;
pub use step_error::StepError;
pub use typed::{Typed, typed};
