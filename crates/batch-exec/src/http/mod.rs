//! An executor that posts the input to a url and reads the outcome from the answer.
//! Begin with [`HttpExecutor`].

mod http_answer;
mod http_executor;
mod http_executor_error;
mod http_executor_options;
mod http_question;

pub use http_executor::HttpExecutor;
pub use http_executor_error::HttpExecutorError;
pub use http_executor_options::{HttpExecutorOptions, SecretsSent};
