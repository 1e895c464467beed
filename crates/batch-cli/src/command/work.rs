use std::io::{self, Write};

use anyhow::Result;
use batch_core::batch::Counts;
use batch_core::engine::{Engine, SubmissionHandle};
use batch_core::id::WorkflowId;

use super::next_steps::NextSteps;
use crate::args::ExecuteArgs;
use crate::ending::Ending;
use crate::execution::{Execution, Interrupts, Session, Signal, Stopped, report};
use crate::store::StoreAddress;

/// A submission that is to be worked off.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    /// Where it is.
    pub(crate) engine: &'a Engine,
    /// What its runs belong to.
    pub(crate) workflow: &'a WorkflowId,
    /// The submission.
    pub(crate) submission: &'a SubmissionHandle,
    /// What this process has done of it already.
    pub(crate) before: Session,
    /// Where other commands find it.
    pub(crate) store: &'a StoreAddress,
    /// What to do after a signal, as half a sentence.
    pub(crate) go_on: &'a str,
}

impl Work<'_> {
    /// Runs a command on what is left, and tells what came of all of it.
    pub(crate) async fn perform(
        &self,
        execution: &Execution,
        args: &ExecuteArgs,
        interrupts: &mut Interrupts,
    ) -> Result<Ending> {
        let stopped = execution.perform(self.engine, self.workflow, self.submission, interrupts);
        let session = match stopped.await? {
            Stopped::Finished(session) => self.before.and(session),
            Stopped::Interrupted(signal) => return self.stopped(signal).await,
        };
        let reporting = report(self.submission, session, args.results.as_deref());
        let summary = match interrupts.unless(reporting).await {
            Ok(summary) => summary?,
            Err(signal) => return self.stopped(signal).await,
        };
        // A reader that is gone does not change what came of the runs.
        let _ = writeln!(io::stdout(), "{summary}");
        self.tell_next_steps(summary.counts(), args).await?;
        Ok(Ending::of(summary.counts()))
    }

    async fn tell_next_steps(&self, counts: &Counts, args: &ExecuteArgs) -> Result<()> {
        let next = NextSteps {
            engine: self.engine,
            submission: self.submission,
            store: self.store,
        };
        let mut lines = next.retries(counts).await?;
        if args.results.is_none() {
            lines.extend(next.outputs().await?);
        }
        lines.iter().for_each(|line| eprintln!("batchyard: {line}"));
        Ok(())
    }

    async fn stopped(&self, signal: Signal) -> Result<Ending> {
        let progress = self.submission.progress().await?;
        Ok(interrupted(signal, &format!("{progress}; {}", self.go_on)))
    }
}

/// Says that a signal has ended the program, and what is to be known then.
pub(crate) fn interrupted(signal: Signal, more: &str) -> Ending {
    eprintln!("batchyard: interrupted: {more}");
    Ending::Interrupted(signal.number())
}
