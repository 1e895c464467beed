use std::fmt;

use crate::batch::{Batch, BatchState, Counts};

/// How a finished batch ended, as retention tells batches apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// Every run ended well.
    Succeeded,
    /// Some run ended badly: it failed, was refused, or was cancelled by itself.
    WithFailures,
    /// The batch was cancelled as a whole.
    Cancelled,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::WithFailures, Self::Cancelled];

    /// How a batch ended; `None` before its end.
    #[must_use]
    pub fn of(batch: &Batch) -> Option<Self> {
        batch
            .is_finished()
            .then(|| Self::of_finished(batch.state, &batch.counts))
    }

    pub(crate) fn of_finished(state: BatchState, counts: &Counts) -> Self {
        match state {
            BatchState::Cancelled => Self::Cancelled,
            _ if counts.all_processed() => Self::Succeeded,
            _ => Self::WithFailures,
        }
    }

    /// The ending as a stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::WithFailures => "with_failures",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_that_did_not_end_well_is_a_failure_and_a_cancelled_batch_is_not() {
        let mut counts = Counts {
            processed: 2,
            ..Counts::default()
        };
        let ended = |counts: &Counts| Ending::of_finished(BatchState::Processed, counts);
        assert_eq!(ended(&counts), Ending::Succeeded);
        counts.cancelled = 1;
        assert_eq!(ended(&counts), Ending::WithFailures);
        let cancelled = Ending::of_finished(BatchState::Cancelled, &counts);
        assert_eq!(cancelled, Ending::Cancelled);
    }
}
