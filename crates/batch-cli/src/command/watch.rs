use std::io::{self, Write};

use anyhow::{Result, anyhow, bail};
use batch_core::batch::Batch;

use super::named::chosen_batch;
use super::run::SubmissionName;
use crate::args::BatchArgs;
use crate::ending::Ending;
use crate::output::{BatchRecord, Format, print_one};

/// Waits for the end of a batch and tells it.
///
/// While this process has the store no other can execute what is in it. So a
/// batch that has not ended is an error that says what to do: to wait would be
/// to wait for ever.
pub(crate) async fn watch(args: BatchArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    let now = chosen_batch(&engine, args.choice.chosen()).await?;
    if !now.is_finished() {
        bail!(unfinished(&now));
    }
    let mut watch = engine.batch_handle(now.id).watch();
    let end = watch
        .next()
        .await?
        .ok_or_else(|| anyhow!("there is no {} any more", now.id))?;
    match args.view.format {
        Format::Json => print_one(&BatchRecord::of(&end), Format::Json)?,
        Format::Table => writeln!(io::stdout(), "{}: {}", end.id, end.counts)?,
    }
    Ok(Ending::of(&end.counts))
}

fn unfinished(batch: &Batch) -> String {
    let (ended, total) = (batch.counts.ended(), batch.counts.total());
    let go_on = match (batch.retry_of, SubmissionName::of_workflow(&batch.workflow)) {
        (Some(first), _) => format!("`batchyard retry {first} --exec CMD`"),
        (None, Some(name)) => format!("`batchyard run --name '{name}' --exec CMD` and its files"),
        (None, None) => "the program that submitted it".to_owned(),
    };
    format!(
        "{} has not ended ({ended} of {total} runs have), and no process works on it: go on with {go_on}",
        batch.id
    )
}
