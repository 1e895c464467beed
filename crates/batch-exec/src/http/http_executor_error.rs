use thiserror::Error;

use crate::outbound::Refusal;

/// An [`HttpExecutor`](super::HttpExecutor) could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HttpExecutorError {
    /// Its url is not allowed.
    #[error("the url of the executor is not allowed: {0}")]
    Url(Refusal),
    /// A header cannot be sent, or is one of those that this crate sets.
    #[error("the header {name:?} cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
}
