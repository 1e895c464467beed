//! What the command line says.

mod batch_choice;
mod care_args;
mod cli;
mod execute_args;
mod prune_args;
mod read_args;
mod retry_args;
mod run_args;
mod store_args;
mod target;

pub(crate) use batch_choice::{BatchChoice, Chosen};
pub(crate) use care_args::{SalvageArgs, SnapshotArgs, VerifyArgs};
pub(crate) use cli::{Cli, Command};
pub(crate) use execute_args::ExecuteArgs;
pub(crate) use prune_args::PruneArgs;
pub(crate) use read_args::{BatchArgs, BatchesArgs, RunsArgs, TargetArgs};
pub(crate) use retry_args::RetryArgs;
pub(crate) use run_args::RunArgs;
pub(crate) use store_args::{StoreArgs, ViewArgs};
pub(crate) use target::Target;
