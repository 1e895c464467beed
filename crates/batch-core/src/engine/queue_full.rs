use std::fmt;
use std::time::Duration;

use crate::storage::QueueBound;

/// A batch was refused because too many runs wait. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueFull {
    /// How many runs wait in the store.
    pub depth: u64,
    /// How many may.
    pub bound: QueueBound,
    /// How many the refused batch has.
    pub inputs: u64,
    /// About when there is room, if runs go on ending as they did lately; 0.1 s to an hour.
    /// `None` where none has ended lately, or where the batch alone is more than the bound.
    pub retry_after: Option<Duration>,
}

impl QueueFull {
    /// Whether there is no room for the batch even while nothing waits.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        self.inputs > self.bound.get()
    }
}

impl fmt::Display for QueueFull {
    /// `the queue is full: 100 runs wait, at most 100, and this batch has 10; try again in 2.5 s`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            depth,
            bound,
            inputs,
            ..
        } = self;
        if self.is_too_large() {
            return write!(
                f,
                "the batch has {inputs} inputs, more than the {bound} runs that may wait: cut it"
            );
        }
        write!(
            f,
            "the queue is full: {depth} runs wait, at most {bound}, and this batch has {inputs}"
        )?;
        match self.retry_after {
            Some(after) => write!(f, "; try again in {:.1} s", after.as_secs_f64()),
            None => Ok(()),
        }
    }
}
