use clap::{Parser, Subcommand};

use super::{
    BatchArgs, BatchesArgs, PruneArgs, RetryArgs, RunArgs, RunsArgs, SalvageArgs, SnapshotArgs,
    TargetArgs, VerifyArgs, ViewArgs,
};

const EXAMPLES: &str = "\
Examples:
  batchyard run --exec 'wc -w {}' docs/*.md
  batchyard run --name scans --attempts 3 --timeout 2m --results scans.jsonl \\
      --exec 'ocr {}' --files-from list.txt
  batchyard batches
  batchyard runs --name scans --state failed
  batchyard retry batch_01936f0e7b6c7d3e8a0f5b2c4d6e8f90 --exec 'ocr {}'
  batchyard prune --older-than 30d
  batchyard snapshot ./.batchyard /backup/monday

Exit status:
  0    all files were processed
  1    some failed or were cancelled; a store is damaged
  2    the command line is wrong, or the store failed or is full
  130  interrupted by Ctrl-C (143: by SIGTERM)";

/// Runs a command over files, once per file, as durable batches.
///
/// What is to be done and what came of it is kept in a store. Killed at any
/// moment and started again, `batchyard run` goes on where it was.
#[derive(Debug, Parser)]
#[command(name = "batchyard", version, after_help = EXAMPLES)]
#[command(arg_required_else_help = true, infer_subcommands = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program is asked to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    /// List the batches of a store, oldest first
    Batches(BatchesArgs),
    /// Show a batch or a run
    Show(TargetArgs),
    /// List the runs of a batch, in the order of its files
    Runs(RunsArgs),
    /// Cancel a run, or every run of a batch that has not ended
    Cancel(TargetArgs),
    Retry(RetryArgs),
    Watch(BatchArgs),
    Prune(PruneArgs),
    /// Say on which backend a store is, and what it keeps when something strikes
    Store(ViewArgs),
    Verify(VerifyArgs),
    Snapshot(SnapshotArgs),
    Salvage(SalvageArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }
}
