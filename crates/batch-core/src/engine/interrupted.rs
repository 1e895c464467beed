use std::error::Error;
use std::fmt;

use super::{SubmissionHandle, SubmitError};
use crate::id::IdempotencyKey;

/// A submit that ended in its midst: some batches are stored, and their runs will be executed.
///
/// To go on, submit the same inputs again under [`Interrupted::key`]. To give
/// up, cancel [`Interrupted::submission`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Interrupted {
    /// What is stored so far.
    pub submission: SubmissionHandle,
    /// The key to go on with: the caller's or, where there was none, the engine's.
    pub key: IdempotencyKey,
    /// How many batches are stored.
    pub batches: u32,
    /// How many inputs they have: the first ones of those that were given.
    pub inputs: u64,
    /// Why it ended.
    pub cause: SubmitError,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the submit ended after {} inputs, which are stored as {}; to go on, submit all of \
             them again under the key {}",
            self.inputs,
            self.submission.id(),
            self.key,
        )
    }
}

impl Error for Interrupted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
