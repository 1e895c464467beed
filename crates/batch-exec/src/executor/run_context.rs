use std::sync::Arc;

use batch_core::catalogue::Version;
use batch_core::id::{BatchId, RunId, SubmissionId, WorkflowId};
use batch_core::request::Secrets;
use batch_core::run::Attempt;
use batch_core::storage::ClaimToken;
use batch_core::storage::{Claim, ClaimedRun};
use batch_core::valid::{Metadata, Source, ValidInput};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::InputError;

/// One attempt at one run, as an executor sees it. Cheap to clone.
///
/// `Debug` shows the names of secrets and never their values.
#[derive(Debug, Clone)]
pub struct RunContext {
    id: RunId,
    token: ClaimToken,
    submission: SubmissionId,
    workflow: WorkflowId,
    version: Version,
    attempt: Attempt,
    interruptions: u32,
    input: Arc<ValidInput>,
    cancellation: CancellationToken,
    deadline: Option<Instant>,
}

impl RunContext {
    /// Takes a claimed run apart: the right to execute it, and what the executor sees of it.
    pub(crate) fn of(claimed: ClaimedRun, cancellation: CancellationToken) -> (Claim, Self) {
        let ClaimedRun {
            claim,
            submission,
            workflow,
            version,
            interruptions,
            input,
            ..
        } = claimed;
        let run = Self {
            id: claim.run(),
            token: claim.key().token,
            submission,
            workflow,
            version,
            attempt: claim.attempt(),
            interruptions,
            input: Arc::new(input),
            cancellation,
            deadline: None,
        };
        (claim, run)
    }

    /// Sets the time at which the attempt is cut off.
    pub(crate) const fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// The token of the claim.
    pub(crate) const fn token(&self) -> ClaimToken {
        self.token
    }

    /// The run.
    #[must_use]
    pub const fn id(&self) -> RunId {
        self.id
    }

    /// The batch it belongs to.
    #[must_use]
    pub const fn batch(&self) -> BatchId {
        self.id.batch()
    }

    /// The submission it belongs to.
    #[must_use]
    pub const fn submission(&self) -> SubmissionId {
        self.submission
    }

    /// The workflow.
    #[must_use]
    pub const fn workflow(&self) -> &WorkflowId {
        &self.workflow
    }

    /// The version, pinned at submit.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Which try this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// How often a process died while it held the run.
    #[must_use]
    pub const fn interruptions(&self) -> u32 {
        self.interruptions
    }

    /// What to work on.
    #[must_use]
    pub fn source(&self) -> &Source {
        self.input.source()
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
        self.input.name()
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
        self.input.metadata()
    }

    /// Values for the executor alone.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        self.input.secrets()
    }

    /// Fires when the executor should stop: the run was cancelled, its time is
    /// up, its claim was lost, or the dispatcher shuts down. Some time later
    /// the executor's future is dropped.
    #[must_use]
    pub const fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// When the attempt is cut off; `None` where it may take for ever.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// A key for the executor's own effects: the same in every attempt at this run,
    /// and no other run has it.
    ///
    /// A batch that runs failed runs again has runs, and so keys, of its own.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.id.to_string()
    }
}
