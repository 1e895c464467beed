use std::io::{self, Write};

use anyhow::{Result, bail};
use batch_core::storage::CancelReply;
use serde::Serialize;

use crate::args::{Target, TargetArgs};
use crate::ending::Ending;
use crate::output::{Format, print_one};

/// What became of a cancel, as it is printed.
#[derive(Debug, Serialize)]
struct CancelRecord {
    id: String,
    reply: &'static str,
    /// How the run had ended before.
    state: Option<&'static str>,
}

/// Cancels a run, or every run of a batch that has not ended.
pub(crate) async fn cancel(args: TargetArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    let target = args.target;
    let reply = match target {
        Target::Batch(id) => engine.cancel_batch(id).await?,
        Target::Run(id) => engine.cancel_run(id).await?,
    };
    let (reply, state) = match reply {
        CancelReply::Cancelled => ("cancelled", None),
        CancelReply::Cancelling => ("cancelling", None),
        CancelReply::RunEnded(state) => ("had ended", Some(state.as_str())),
        CancelReply::BatchFinished => ("had ended", None),
        CancelReply::NotFound => bail!("there is no {target} in this store"),
        other => bail!("the store answered {other:?}, which this program does not know"),
    };
    match args.view.format {
        Format::Json => {
            let id = target.to_string();
            print_one(&CancelRecord { id, reply, state }, Format::Json)?;
        }
        Format::Table => {
            let state = state.map_or_else(String::new, |state| format!(" as {state}"));
            writeln!(io::stdout(), "{target} {reply}{state}")?;
        }
    }
    Ok(Ending::Succeeded)
}
