use batch_core::batch::BatchState;
use batch_core::run::RunState;
use clap::Args;

use super::{BatchChoice, Target, ViewArgs};
use crate::command::SubmissionName;

/// Which batches to list.
#[derive(Debug, Args)]
pub(crate) struct BatchesArgs {
    /// Only batches in this state, such as processed
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<BatchState>,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Which runs to list: of a batch, or of all batches under a name.
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    #[command(flatten)]
    pub(crate) choice: BatchChoice,

    /// Only runs in this state, such as failed
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<RunState>,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// A batch or a run.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// The batch or the run
    #[arg(value_name = "BATCH|RUN", required_unless_present = "name")]
    target: Option<Target>,

    /// The name that a batch was run under, in place of its id
    #[arg(long, value_name = "KEY", conflicts_with = "target")]
    name: Option<SubmissionName>,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

impl TargetArgs {
    /// The one of the two that is given.
    pub(crate) fn target(&self) -> Target {
        match (self.target.as_ref(), &self.name) {
            (Some(target), _) => target.clone(),
            (None, Some(name)) => Target::Name(name.clone()),
            (None, None) => unreachable!("the command line requires one of the two"),
        }
    }
}

/// Watch a batch to its end; the exit status says whether all was processed
///
/// A store belongs to one process, and only that one can execute what is in it:
/// so this is for a batch that has ended. For one that has not, it says how the
/// batch stands and what goes on with it.
#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    #[command(flatten)]
    pub(crate) choice: BatchChoice,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}
