use batch_core::batch::BatchState;
use batch_core::id::BatchId;
use batch_core::run::RunState;
use clap::Args;

use super::{Target, ViewArgs};

/// Which batches to list.
#[derive(Debug, Args)]
pub(crate) struct BatchesArgs {
    /// Only batches in this state, such as processed
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<BatchState>,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Which runs to list.
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// The batch
    #[arg(value_name = "BATCH")]
    pub(crate) batch: BatchId,

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
    #[arg(value_name = "BATCH|RUN")]
    pub(crate) target: Target,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Watch a batch to its end; the exit status says whether all was processed
///
/// A store belongs to one process, and only that one can execute what is in it:
/// so this is for a batch that has ended. For one that has not, it says how the
/// batch stands and what goes on with it.
#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    /// The batch
    #[arg(value_name = "BATCH")]
    pub(crate) batch: BatchId,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}
