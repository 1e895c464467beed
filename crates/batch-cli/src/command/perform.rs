use std::io::{self, Write};

use anyhow::Result;
use batch_core::engine::{Engine, SubmissionHandle};
use batch_core::id::WorkflowId;

use crate::args::ExecuteArgs;
use crate::ending::Ending;
use crate::execution::{Execution, Interrupts, Signal, Stopped, report};

/// Runs a command on what is left of a submission, and tells what came of all of it.
///
/// `go_on` is what to type to go on where a signal ends it.
pub(crate) async fn perform(
    execution: &Execution,
    args: &ExecuteArgs,
    (engine, workflow): (&Engine, &WorkflowId),
    submission: &SubmissionHandle,
    interrupts: &mut Interrupts,
    go_on: &str,
) -> Result<Ending> {
    let stopped = execution.perform(engine, workflow.as_str(), submission, interrupts);
    let session = match stopped.await? {
        Stopped::Finished(session) => session,
        Stopped::Interrupted(signal) => {
            let progress = submission.progress().await?;
            eprintln!("batchyard: interrupted: {progress}; {go_on}");
            return Ok(Ending::Interrupted(signal.number()));
        }
    };
    let reporting = report(submission, session, args.results.as_deref());
    let summary = match interrupts.unless(reporting).await {
        Ok(summary) => summary?,
        Err(signal) => return Ok(interrupted(signal, go_on)),
    };
    // A reader that is gone does not change what came of the runs.
    let _ = writeln!(io::stdout(), "{summary}");
    Ok(Ending::of(summary.counts()))
}

/// A signal came when no command was running.
pub(crate) fn interrupted(signal: Signal, go_on: &str) -> Ending {
    eprintln!("batchyard: interrupted; {go_on}");
    Ending::Interrupted(signal.number())
}
