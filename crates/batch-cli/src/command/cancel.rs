use std::io::{self, Write};

use anyhow::{Result, bail};
use batch_core::engine::Engine;
use batch_core::storage::CancelReply;
use serde::Serialize;

use super::SubmissionName;
use super::named::named_submission;
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

/// Cancels a run, or every run that has not ended of a batch or of all under a name.
pub(crate) async fn cancel(args: TargetArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    let target = args.target();
    let reply = match &target {
        Target::Batch(id) => engine.cancel_batch(*id).await?,
        Target::Run(id) => engine.cancel_run(*id).await?,
        Target::Name(name) => cancel_named(&engine, name).await?,
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

/// Cancels every batch under a name.
async fn cancel_named(engine: &Engine, name: &SubmissionName) -> Result<CancelReply> {
    let id = named_submission(engine, name).await?;
    // Nobody else has the store, so nothing runs that would have to stop first.
    Ok(match engine.submission_handle(id).cancel().await? {
        0 => CancelReply::BatchFinished,
        _ => CancelReply::Cancelled,
    })
}
