use std::future::Future;
use std::sync::Arc;

use batch_core::catalogue::Version;
use batch_core::id::{BatchId, RunId, SubmissionId, WorkflowId};
use batch_core::request::Secrets;
use batch_core::run::Attempt;
use batch_core::storage::ClaimedRun;
use batch_core::valid::{Metadata, Source, ValidInput};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{ExecutorError, InputError, Reach, RunProgress, RunStop, Seat, StepBook};

/// One attempt at one run, as an executor sees it. Cheap to clone.
///
/// `Debug` shows the names of secrets and never their values.
#[derive(Debug, Clone)]
pub struct RunContext {
    attempt: Arc<Attempted>,
    seat: Seat,
    deadline: Option<Instant>,
}

/// What stays the same for all clones.
#[derive(Debug)]
struct Attempted {
    submission: SubmissionId,
    workflow: WorkflowId,
    version: Version,
    number: Attempt,
    interruptions: u32,
    snoozes: u32,
    input: ValidInput,
    steps: StepBook,
    stop: Arc<RunStop>,
}

impl RunContext {
    /// What the executor sees of a claimed run; the right to execute it stays with who calls.
    pub(crate) fn of(claimed: ClaimedRun, stop: Arc<RunStop>, reach: &Arc<Reach>) -> Self {
        let attempt = Attempted {
            submission: claimed.submission,
            workflow: claimed.workflow,
            version: claimed.version,
            number: claimed.claim.attempt(),
            interruptions: claimed.interruptions,
            snoozes: claimed.snoozes,
            input: claimed.input,
            steps: StepBook::new(Arc::clone(reach), claimed.claim.key(), claimed.steps),
            stop,
        };
        Self {
            attempt: Arc::new(attempt),
            seat: Seat(0),
            deadline: None,
        }
    }

    /// Sets who executes it, and the time at which the attempt is cut off.
    pub(crate) const fn begin(&mut self, seat: Seat, deadline: Option<Instant>) {
        self.seat = seat;
        self.deadline = deadline;
    }

    /// The run.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.attempt.steps.claim().run
    }

    /// The batch it belongs to.
    #[must_use]
    pub fn batch(&self) -> BatchId {
        self.id().batch()
    }

    /// The submission it belongs to.
    #[must_use]
    pub fn submission(&self) -> SubmissionId {
        self.attempt.submission
    }

    /// The workflow.
    #[must_use]
    pub fn workflow(&self) -> &WorkflowId {
        &self.attempt.workflow
    }

    /// The version, pinned at submit.
    #[must_use]
    pub fn version(&self) -> Version {
        self.attempt.version
    }

    /// Which try this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> Attempt {
        self.attempt.number
    }

    /// How often a process died while it held the run.
    #[must_use]
    pub fn interruptions(&self) -> u32 {
        self.attempt.interruptions
    }

    /// How often the run was put back until later. See [`Outcome::snooze`](super::Outcome::snooze).
    #[must_use]
    pub fn snoozes(&self) -> u32 {
        self.attempt.snoozes
    }

    /// What to work on.
    #[must_use]
    pub fn source(&self) -> &Source {
        self.attempt.input.source()
    }

    /// The text.
    ///
    /// # Errors
    ///
    /// [`InputError`] where the input is a file. Returned by an executor it fails the run for good.
    pub fn text(&self) -> Result<&str, InputError> {
        match self.source() {
            Source::Text { text, .. } => Ok(text),
            other => Err(InputError::new("a text", other)),
        }
    }

    /// The host's id of the file.
    ///
    /// # Errors
    ///
    /// [`InputError`] where the input is something else. Returned by an executor it fails the run for good.
    pub fn file_id(&self) -> Result<&str, InputError> {
        match self.source() {
            Source::File { id } => Ok(id),
            other => Err(InputError::new("a file id", other)),
        }
    }

    /// The url of the file.
    ///
    /// # Errors
    ///
    /// [`InputError`] where the input is something else. Returned by an executor it fails the run for good.
    pub fn url(&self) -> Result<&str, InputError> {
        match self.source() {
            Source::Url { url, .. } => Ok(url),
            other => Err(InputError::new("a url", other)),
        }
    }

    /// The run's label.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.attempt.input.name()
    }

    /// The label of the file or the text. Never a path.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        match self.source() {
            Source::Url { name, .. } | Source::Text { name, .. } => name.as_deref(),
            _ => None,
        }
    }

    /// The caller's own object.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.attempt.input.metadata()
    }

    /// Values for the executor alone.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        self.attempt.input.secrets()
    }

    /// Fires when the executor should stop: the run was cancelled, its time is
    /// up, its claim was lost, or the dispatcher shuts down. Some time later
    /// the executor's future is dropped.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        self.attempt.stop.executors()
    }

    /// When the attempt is cut off; `None` where it may take for ever.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Does a step of the run once: what it comes to is recorded durably, and a later attempt
    /// gets that and does not do the step again, whoever executes it and after whatever crash.
    ///
    /// *At least once until recorded.* Where the process dies, or the claim is lost, between the
    /// effect and its record, the step is done again; so it uses
    /// [`idempotency_key`](Self::idempotency_key) for what must not happen twice. An error of the
    /// work is passed on and not recorded. What is recorded goes with the end of the run.
    ///
    /// Names are unique within a run, and stay the same from attempt to attempt and from one
    /// version of the program to the next. A run records 256 steps at most, whose names and
    /// results, as JSON, have 256 KiB together.
    ///
    /// ```
    /// # use batch_exec::{ExecutorError, Outcome, RunContext};
    /// # async fn charge(_: &str) -> Result<u64, std::io::Error> { Ok(7) }
    /// # async fn send_receipt(_: u64) -> Result<(), std::io::Error> { Ok(()) }
    /// async fn order(run: RunContext) -> Result<Outcome, ExecutorError> {
    ///     let key = run.idempotency_key();
    ///     let payment = run.step("charge", || async { Ok(charge(&key).await?) }).await?;
    ///     run.step("receipt", || async { Ok(send_receipt(payment).await?) }).await?;
    ///     Ok(Outcome::done(payment))
    /// }
    /// # let _: &dyn batch_exec::Executor = &order;
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the work, or a [`StepError`](super::StepError). Where the run was told to
    /// stop, no further step begins.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the work with it. Once the work is done its result may be
    /// recorded or not; only in the latter case is the step done again.
    pub async fn step<T, F, Fut>(&self, name: &str, work: F) -> Result<T, ExecutorError>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, ExecutorError>>,
    {
        self.attempt
            .steps
            .step(name, &self.attempt.stop, work)
            .await
    }

    /// Says how far the attempt has come, for whoever watches the dispatcher: see
    /// [`Dispatcher::watch_progress`](crate::Dispatcher::watch_progress).
    ///
    /// It costs a lock and no write: what is reported is kept in memory, the latest only, and
    /// goes with the attempt.
    pub fn progress(&self, done: u64, total: impl Into<Option<u64>>, message: impl Into<String>) {
        let progress = RunProgress::new(done, total, message);
        if let Some(board) = self.attempt.steps.reach().board.upgrade() {
            board.report(self.seat, self.attempt.steps.claim().token, progress);
        }
    }

    /// A key for the executor's own effects: the same in every attempt at this run,
    /// and no other run has it.
    ///
    /// A batch that runs failed runs again has runs, and so keys, of its own.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.id().to_string()
    }
}
