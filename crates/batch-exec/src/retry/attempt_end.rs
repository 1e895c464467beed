use std::time::Duration;

use batch_core::run::{Failure, Output};

use crate::executor::{ExecutorError, Outcome};

/// How an attempt ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttemptEnd {
    /// The executor said how.
    Said(Outcome),
    /// The executor returned an error.
    Erred(ExecutorError),
    /// The executor panicked, with this message.
    Panicked(String),
    /// The executor took longer than it may.
    TimedOut {
        /// How long it may take.
        limit: Duration,
        /// What it gave back all the same.
        output: Option<Output>,
    },
}

impl AttemptEnd {
    /// The outcome it amounts to.
    pub(super) fn into_outcome(self) -> Outcome {
        match self {
            Self::Said(outcome) => outcome,
            Self::Erred(error) if error.is_final() => Outcome::Fail {
                failure: error.to_failure(),
                output: None,
            },
            Self::Erred(error) => failed_attempt(error.to_failure(), None),
            Self::Panicked(message) => {
                failed_attempt(Failure::new(Failure::PANICKED, message), None)
            }
            Self::TimedOut { limit, output } => {
                let message = format!("the attempt took longer than {limit:?}");
                failed_attempt(Failure::new(Failure::TIMED_OUT, message), output)
            }
        }
    }
}

/// An attempt that failed and that the policy decides on.
fn failed_attempt(failure: Failure, output: Option<Output>) -> Outcome {
    Outcome::Retry {
        after: None,
        failure,
        output,
    }
}
