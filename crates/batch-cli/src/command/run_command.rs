use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::{
    batches, cancel, prune, retry, run, runs, salvage, show, snapshot, store, verify, watch,
};
use crate::args::Command;
use crate::ending::Ending;

/// How long to wait at the end for what was left behind.
const TIDY_UP: Duration = Duration::from_secs(1);

/// Does what the command line asks for.
pub(crate) fn run_command(command: Command) -> Result<Ending> {
    let runtime = Runtime::new().context("cannot start threads")?;
    let ending = runtime.block_on(async {
        match command {
            Command::Run(args) => run::run(args).await,
            Command::Batches(args) => batches::batches(args).await,
            Command::Show(args) => show::show(args).await,
            Command::Runs(args) => runs::runs(args).await,
            Command::Cancel(args) => cancel::cancel(args).await,
            Command::Retry(args) => retry::retry(args).await,
            Command::Prune(args) => prune::prune(args).await,
            Command::Store(args) => store::store(args).await,
            Command::Verify(args) => verify::verify(&args),
            Command::Snapshot(args) => snapshot::snapshot(args).await,
            Command::Salvage(args) => salvage::salvage(&args),
            Command::Watch(args) => watch::watch(args).await,
        }
    });
    runtime.shutdown_timeout(TIDY_UP);
    ending
}
