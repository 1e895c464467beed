use std::io::{self, Write};

use anyhow::Result;
use batch_core::batch::Batch;
use batch_core::engine::{BatchHandle, Engine, RetryError, RetryOptions};
use batch_core::id::SubmissionId;

use super::named::chosen_batch;
use super::work::Work;
use crate::args::RetryArgs;
use crate::ending::Ending;
use crate::execution::{Execution, Interrupts, ResultsFile, Session};
use crate::output::{BatchRecord, Format, print_one};
use crate::program::check_program;

/// Runs the failed runs of a batch again, as a new batch.
pub(crate) async fn retry(args: RetryArgs) -> Result<Ending> {
    if let Some(exec) = &args.exec {
        check_program(exec)?;
        args.execute
            .results
            .as_deref()
            .map_or(Ok(()), ResultsFile::check)?;
    }
    let engine = args.view.store.store.open_existing().await?;
    let failed = chosen_batch(&engine, args.choice.chosen()).await?;
    let Some(again) = submit(&engine, &failed).await? else {
        return nothing_failed(&args, &failed);
    };
    let Some(exec) = &args.exec else {
        return tell(&args, &again).await;
    };
    let execution = Execution::new(exec.clone(), &args.execute);
    let submission = engine.submission_handle(SubmissionId::of_first_batch(again.id()));
    eprintln!(
        "batchyard: retrying as {}: {}",
        again.id(),
        submission.progress().await?
    );
    let mut interrupts = Interrupts::take_over()?;
    let work = Work {
        engine: &engine,
        workflow: &failed.workflow,
        submission: &submission,
        before: Session::default(),
        store: &args.view.store.store,
        go_on: "the same command goes on",
    };
    work.perform(&execution, &args.execute, &mut interrupts)
        .await
}

/// Makes the new batch, or finds it where the same failed runs were retried before.
///
/// Failed runs stay failed, so their number says which they are: the key is
/// another one only where more have failed since.
/// Those that a person rejected count as failed. `None` where no run has failed.
async fn submit(engine: &Engine, batch: &Batch) -> Result<Option<BatchHandle>> {
    let failed = batch.counts.failed + batch.counts.rejected;
    let key = format!("retry {} of {failed} failed", batch.id);
    let options = RetryOptions::default().idempotency_key(key);
    match engine.retry_failed(batch.id, options).await {
        Ok(again) => Ok(Some(again)),
        Err(RetryError::NothingFailed(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Says that there is nothing to do; as JSON, that there is no new batch.
fn nothing_failed(args: &RetryArgs, batch: &Batch) -> Result<Ending> {
    if args.exec.is_none() && args.view.format == Format::Json {
        writeln!(io::stdout(), "null")?;
    }
    eprintln!(
        "batchyard: no run of {} has failed: there is nothing to run again",
        batch.id
    );
    Ok(Ending::Succeeded)
}

/// Prints the new batch, which waits.
async fn tell(args: &RetryArgs, again: &BatchHandle) -> Result<Ending> {
    match args.view.format {
        Format::Json => print_one(&BatchRecord::of(&again.get().await?), Format::Json)?,
        Format::Table => writeln!(io::stdout(), "{}", again.id())?,
    }
    eprintln!("batchyard: it waits for the same command with --exec CMD");
    Ok(Ending::Succeeded)
}
