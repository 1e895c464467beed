use batch_exec::command::CommandTemplate;
use clap::Args;

use super::{BatchChoice, ExecuteArgs, ViewArgs};

const MORE: &str = "\
The failed runs become a new batch, which says whose retry it is. Without --exec
it waits; the same command again with --exec works it off, and goes on with it if
that was killed. To run what failed a second time, retry the new batch.

Examples:
  batchyard retry batch_01936f0e7b6c7d3e8a0f5b2c4d6e8f90 --exec 'ocr {}' --attempts 2
  batchyard retry batch_01936f0e7b6c7d3e8a0f5b2c4d6e8f90 -o json";

/// Run the failed runs of a batch again, as a new batch
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    pub(crate) choice: BatchChoice,

    /// Run this command on them at once; {} is the file
    #[arg(long, value_name = "CMD")]
    pub(crate) exec: Option<CommandTemplate>,

    #[command(flatten)]
    pub(crate) execute: ExecuteArgs,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}
