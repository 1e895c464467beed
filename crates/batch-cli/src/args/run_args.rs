use std::path::PathBuf;

use batch_exec::command::CommandTemplate;
use clap::Args;

use super::{ExecuteArgs, StoreArgs};
use crate::command::SubmissionName;

const MORE: &str = "\
Killed and started again:
  With --name the same command goes on where it was: what has ended does not
  run again, and no file is submitted twice. What was under way when the process
  was killed is run again, and the killed process cannot end the commands that it
  had started: so a command should stand being run twice for a file.
  The list of files must be the same, in the same order; another list under the
  same name is refused. The command and the options may be others: they hold for
  what is still to be done. Without --name each start is new work; the name it
  gets is printed, and can be given to go on.

  A run works off the files of its own name, and retries of them, and nothing
  else: other work in the same store waits for its own command. While a run goes
  on no other process can open its store.

Examples:
  batchyard run --exec 'wc -w {}' *.md
  find . -name '*.png' | batchyard run --name shrink --exec 'mogrify -resize 50% {}' --files-from -
  batchyard run --store memory --exec 'gzip -t' --concurrency 8 backup/*.gz";

/// Run a command once per file, durably
///
/// Submits the files, runs the command once for each, shows the progress and
/// prints a summary. Progress goes to standard error, the summary to standard
/// output.
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// A name for this work, under which it can be gone on with
    #[arg(long, value_name = "KEY")]
    pub(crate) name: Option<SubmissionName>,

    /// The command; {} is the file, which otherwise is added at the end
    ///
    /// It is split into words as a shell would, with quotes and backslashes,
    /// but no shell runs: use sh -c for pipes. It has no standard input.
    #[arg(long, value_name = "CMD")]
    pub(crate) exec: CommandTemplate,

    #[command(flatten)]
    pub(crate) execute: ExecuteArgs,

    /// Read more files from this file, one path a line; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from: Option<PathBuf>,

    /// The files, in this order; a file given twice is run twice
    #[arg(value_name = "FILE", required_unless_present = "files_from")]
    pub(crate) files: Vec<PathBuf>,
}
