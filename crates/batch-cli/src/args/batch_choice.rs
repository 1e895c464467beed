use batch_core::id::BatchId;
use clap::Args;

use crate::command::SubmissionName;

/// Which batch, by its id or by the name of its run.
#[derive(Debug, Args)]
pub(crate) struct BatchChoice {
    /// The batch
    #[arg(value_name = "BATCH", required_unless_present = "name")]
    batch: Option<BatchId>,

    /// The name that the batch was run under, in place of its id
    #[arg(long, value_name = "KEY", conflicts_with = "batch")]
    name: Option<SubmissionName>,
}

/// What was chosen.
#[derive(Debug)]
pub(crate) enum Chosen<'a> {
    /// A batch.
    Batch(BatchId),
    /// All that was submitted under a name.
    Name(&'a SubmissionName),
}

impl BatchChoice {
    /// The one of the two that is given.
    pub(crate) fn chosen(&self) -> Chosen<'_> {
        match (self.batch, &self.name) {
            (Some(batch), _) => Chosen::Batch(batch),
            (None, Some(name)) => Chosen::Name(name),
            (None, None) => unreachable!("the command line requires one of the two"),
        }
    }
}
