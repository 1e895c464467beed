use std::fmt;
use std::str::FromStr;

use batch_core::id::{BatchId, RunId};
use thiserror::Error;

use crate::command::SubmissionName;

/// A batch or a run, as its id says, or what has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A batch.
    Batch(BatchId),
    /// A run.
    Run(RunId),
    /// All that was submitted under a name; no text parses to it.
    Name(SubmissionName),
}

/// A text that is the id of neither.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it is the id of neither a batch (batch_…) nor a run (workflow_run_…)")]
pub(crate) struct InvalidTarget;

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let batch = text.parse().map(Self::Batch);
        batch
            .or_else(|_| text.parse().map(Self::Run))
            .map_err(|_| InvalidTarget)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch(id) => id.fmt(f),
            Self::Run(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use batch_core::ordinal::Ordinal;

    use super::*;

    #[test]
    fn the_id_says_whether_it_is_a_batch_or_a_run() {
        let batch = BatchId::generate();
        let run = RunId::new(batch, Ordinal::new(7));
        assert_eq!(batch.to_string().parse(), Ok(Target::Batch(batch)));
        assert_eq!(run.to_string().parse(), Ok(Target::Run(run)));
        assert_eq!("submission_1".parse::<Target>(), Err(InvalidTarget));
    }
}
