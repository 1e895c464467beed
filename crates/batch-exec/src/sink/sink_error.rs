use std::error::Error;
use std::fmt;

use crate::error_chain::ErrorChain;

type Cause = Box<dyn Error + Send + Sync>;

/// A sink could not take events. They are delivered again.
///
/// `?` makes one from any error, from an `anyhow::Error` and from a text. For
/// that it is itself no [`Error`], as with `anyhow`.
pub struct SinkError(Cause);

impl SinkError {
    /// The error inside.
    #[must_use]
    pub fn as_error(&self) -> &(dyn Error + 'static) {
        &*self.0
    }
}

impl<E: Into<Cause>> From<E> for SinkError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for SinkError {
    /// The error and its causes, outermost first, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ErrorChain(self.as_error()).fmt(f)
    }
}

impl fmt::Debug for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
