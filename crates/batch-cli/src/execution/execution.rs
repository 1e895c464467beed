use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use batch_core::batch::Extent;
use batch_core::engine::{Engine, HandleError, Progress, SubmissionHandle};
use batch_core::id::WorkflowId;
use batch_exec::command::{CommandExecutor, CommandTemplate};
use batch_exec::dispatcher::{Dispatcher, DispatcherOptions};
use batch_exec::retry::RetryPolicy;
use tokio::time::{sleep, timeout};

use super::meter::Meter;
use super::session::Session;
use super::{Interrupts, Signal};
use crate::args::ExecuteArgs;

/// How long commands may go on after Ctrl-C before they are told to end.
const GRACE: Duration = Duration::from_secs(30);
/// How long giving back may take after the second Ctrl-C.
const SHORT_GRACE: Duration = Duration::from_secs(2);
/// How often it is asked whether what is stored has ended, where more is to come.
const PACE: Duration = Duration::from_millis(200);

/// A command, and how it is run.
#[derive(Debug)]
pub(crate) struct Execution {
    command: CommandTemplate,
    options: DispatcherOptions,
}

/// How an execution came to its end.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Every run that is stored has ended.
    Finished(Session),
    /// A signal came first.
    Interrupted(Signal),
}

impl Execution {
    /// Runs this command as the options say.
    pub(crate) fn new(command: CommandTemplate, args: &ExecuteArgs) -> Self {
        let concurrency = args.concurrency.unwrap_or_else(cpus);
        let mut options = DispatcherOptions::default();
        options.concurrency = concurrency;
        // Little is claimed ahead: what a killed process held counts as interrupted.
        options.prefetch = concurrency.get();
        options.run_timeout = args.timeout;
        options.retry = RetryPolicy::of_attempts(args.attempts.get());
        options.shutdown_grace = GRACE;
        Self { command, options }
    }

    /// Runs the command on every stored file of a submission that has not ended.
    pub(crate) async fn perform(
        &self,
        engine: &Engine,
        workflow: &WorkflowId,
        submission: &SubmissionHandle,
        interrupts: &mut Interrupts,
    ) -> Result<Stopped> {
        let before = submission.progress().await?;
        if before.counts.all_ended() {
            return Ok(Stopped::Finished(Session::default()));
        }
        let dispatcher = self.start(engine, workflow).await?;
        let meter = Meter::start(&before);
        let end = end_of(submission, before.extent);
        let stopped = work(&dispatcher, &meter, submission, end, interrupts).await;
        meter.clear();
        let stopped = match stopped {
            Ok(Stopped::Interrupted(signal)) => {
                stop(dispatcher, interrupts).await?;
                return after_signal(signal, submission, &meter).await;
            }
            stopped => stopped,
        };
        let shut = dispatcher.shutdown().await;
        let stopped = stopped?;
        shut.context("the work is done, but not tidied up")?;
        Ok(stopped)
    }

    async fn start(&self, engine: &Engine, workflow: &WorkflowId) -> Result<Dispatcher> {
        let executor = CommandExecutor::new(self.command.clone());
        let dispatcher = Dispatcher::builder(engine)
            .options(self.options.clone())
            .workflow(workflow.as_str(), executor)
            .start();
        Ok(dispatcher.await?)
    }
}

fn cpus() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Waits for the end of the work, of the store or of the user's patience.
async fn work(
    dispatcher: &Dispatcher,
    meter: &Meter,
    submission: &SubmissionHandle,
    end: impl Future<Output = Result<Progress, HandleError>>,
    interrupts: &mut Interrupts,
) -> Result<Stopped> {
    tokio::select! {
        biased;
        signal = interrupts.next() => Ok(Stopped::Interrupted(signal)),
        error = dispatcher.failed() => Err(error.into()),
        end = end => Ok(Stopped::Finished(meter.session(&end?))),
        error = follow(submission, meter) => Err(error.into()),
    }
}

/// Waits until all that is stored of a submission has ended.
async fn end_of(submission: &SubmissionHandle, extent: Extent) -> Result<Progress, HandleError> {
    if extent == Extent::Complete {
        return submission.wait().await;
    }
    let mut watch = submission.watch();
    while let Some(progress) = watch.next().await? {
        if progress.counts.all_ended() {
            return Ok(progress);
        }
        sleep(PACE).await;
    }
    submission.progress().await
}

/// Shows the progress until it cannot be read; ends in no other way.
async fn follow(submission: &SubmissionHandle, meter: &Meter) -> HandleError {
    let mut watch = submission.watch();
    loop {
        sleep(meter.pace()).await;
        match watch.next().await {
            Ok(Some(progress)) => meter.show(&progress),
            Ok(None) => std::future::pending().await,
            Err(error) => return error,
        }
    }
}

/// Stops gracefully after the first signal, at once after another.
async fn stop(dispatcher: Dispatcher, interrupts: &mut Interrupts) -> Result<()> {
    dispatcher.begin_shutdown();
    if dispatcher.status().executing > 0 {
        let grace = GRACE.as_secs();
        eprintln!(
            "batchyard: stopping: the commands that run may go on for {grace} s; \
             once more stops them at once"
        );
    }
    let shut = match interrupts.unless(ended(&dispatcher)).await {
        Ok(()) => dispatcher.shutdown().await,
        // What cannot be given back in time is found when the store is opened again.
        Err(_) => timeout(SHORT_GRACE, dispatcher.shutdown_now())
            .await
            .unwrap_or(Ok(())),
    };
    shut.map_err(Error::new)
}

/// What came of a signal: where the commands that ran were the last, the work is done.
async fn after_signal(
    signal: Signal,
    submission: &SubmissionHandle,
    meter: &Meter,
) -> Result<Stopped> {
    let progress = submission.progress().await?;
    Ok(if progress.is_finished() {
        Stopped::Finished(meter.session(&progress))
    } else {
        Stopped::Interrupted(signal)
    })
}

/// Waits until no command runs any more.
async fn ended(dispatcher: &Dispatcher) {
    while dispatcher.status().executing > 0 {
        sleep(Duration::from_millis(20)).await;
    }
}
