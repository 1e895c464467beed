use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration::parse_duration;

/// How the command is run, once it is known which.
#[derive(Debug, Args)]
pub(crate) struct ExecuteArgs {
    /// How many commands run at the same time [default: the number of CPUs]
    #[arg(long, value_name = "N", requires = "exec")]
    pub(crate) concurrency: Option<NonZeroUsize>,

    /// How often a file is tried before it counts as failed
    ///
    /// The second attempt comes within a second of the first; each later wait
    /// may be twice as long as the one before, up to five minutes. That this
    /// process was killed meanwhile counts as no attempt.
    #[arg(long, value_name = "N", default_value = "1", requires = "exec")]
    pub(crate) attempts: NonZeroU32,

    /// How long one attempt may take, such as 30s, 5m or 1h30m [default: for ever]
    #[arg(long, value_name = "D", requires = "exec", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,

    /// Write one JSON line per file to this file, when all have ended
    ///
    /// A file that is there is replaced only if it is empty or holds earlier
    /// results. In the order of the files: run, input, state, exit_code, signal,
    /// attempts, interruptions, started_at, ended_at, duration_ms (from the
    /// start of the last attempt to the recorded end), failure, stdout and
    /// stderr (the first 64 KiB of each, and whether there was more).
    #[arg(long, value_name = "FILE", requires = "exec")]
    pub(crate) results: Option<PathBuf>,
}
