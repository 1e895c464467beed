use std::error::Error;
use std::fmt;

use batch_core::run::Failure;

use super::{InputError, StepError};
use crate::error_chain::ErrorChain;
#[cfg(feature = "fetch")]
use crate::fetch::FetchError;

type Cause = Box<dyn Error + Send + Sync>;

/// An attempt failed with an error of the host's. The retry policy decides what follows.
///
/// `?` makes one from any error, from an `anyhow::Error` and from a text. For
/// that it is itself no [`Error`], as with `anyhow`.
///
/// The error and its causes become the message of the recorded [`Failure`],
/// which sinks and readers see: put no secret into it.
pub struct ExecutorError(Cause);

impl ExecutorError {
    /// The word for programs that a plain error is recorded under.
    pub const REASON: &'static str = "ERROR";

    /// The error inside.
    #[must_use]
    pub fn as_error(&self) -> &(dyn Error + 'static) {
        &*self.0
    }

    /// Whether trying again cannot help: the input is of another kind than the executor wants,
    /// its file is refused, or a step of it can never be recorded.
    pub(crate) fn is_final(&self) -> bool {
        #[cfg(feature = "fetch")]
        if let Some(error) = self.0.downcast_ref::<FetchError>() {
            return error.is_final();
        }
        if let Some(error) = self.0.downcast_ref::<StepError>() {
            return error.is_final();
        }
        self.0.is::<InputError>()
    }

    /// The failure to record.
    pub(crate) fn to_failure(&self) -> Failure {
        Failure::new(self.reason(), self.to_string())
    }

    fn reason(&self) -> &'static str {
        #[cfg(feature = "fetch")]
        if let Some(error) = self.0.downcast_ref::<FetchError>() {
            return error.reason();
        }
        if let Some(error) = self.0.downcast_ref::<StepError>() {
            return error.reason();
        }
        if self.0.is::<InputError>() {
            InputError::REASON
        } else {
            Self::REASON
        }
    }
}

impl<E: Into<Cause>> From<E> for ExecutorError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for ExecutorError {
    /// The error and its causes, outermost first, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ErrorChain(self.as_error()).fmt(f)
    }
}

impl fmt::Debug for ExecutorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_message_names_every_cause_once() {
        let error = Err::<(), _>(std::io::Error::other("disk on fire"))
            .context("read the invoice")
            .unwrap_err();
        let error = ExecutorError::from(error);
        assert_eq!(error.to_string(), "read the invoice: disk on fire");
    }

    #[test]
    fn a_text_is_an_error_too() {
        let fallible = || -> Result<(), ExecutorError> { Err("no such customer")? };
        let failure = fallible().unwrap_err().to_failure();
        assert_eq!(failure.to_string(), "ERROR: no such customer");
    }
}
