use std::error::Error;
use std::fmt;

/// How deep a chain of causes is followed.
const MAX_CAUSES: usize = 32;

/// Prints an error and its causes, outermost first, in one line.
#[derive(Debug)]
pub(crate) struct ErrorChain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        std::iter::successors(self.0.source(), |&cause| cause.source())
            .take(MAX_CAUSES)
            .try_for_each(|cause| write!(f, ": {cause}"))
    }
}
