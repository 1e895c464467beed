//! What the program can be asked to do.

mod batches;
mod cancel;
mod existing_batch;
mod named;
mod next_steps;
mod prune;
mod retry;
mod run;
mod run_command;
mod runs;
mod salvage;
mod show;
mod snapshot;
mod store;
mod verify;
mod watch;
mod work;

pub(crate) use run::{FileProblems, SubmissionName};
pub(crate) use run_command::run_command;
