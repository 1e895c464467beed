use jiff::Timestamp;

use super::{Failure, Output, Review, RunState};
use crate::catalogue::Version;
use crate::id::{RunId, SubmissionId, WorkflowId};
use crate::request::Priority;
use crate::valid::{Metadata, Source};

/// A run as it stands when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The submission it belongs to.
    pub submission: SubmissionId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version, pinned at submit.
    pub version: Version,
    /// The priority of its batch.
    pub priority: Priority,
    /// Where it stands.
    pub state: RunState,
    /// What it works on.
    pub source: Source,
    /// Its label.
    pub name: Option<String>,
    /// The caller's own object.
    pub metadata: Metadata,
    /// How many attempts have ended.
    pub attempts: u32,
    /// How often a process died while it held the run.
    pub interruptions: u32,
    /// How often it was snoozed.
    pub snoozes: u32,
    /// How many steps it has recorded; 0 once it has ended.
    pub steps: u32,
    /// When its batch was stored.
    pub created_at: Timestamp,
    /// When its latest attempt began; `None` before the first.
    pub started_at: Option<Timestamp>,
    /// When it ended; `None` before.
    pub ended_at: Option<Timestamp>,
    /// When it may be claimed; set while it waits for a retry or snoozes, and before its first claim where
    /// its batch says when its runs may begin.
    pub due_at: Option<Timestamp>,
    /// Why it failed, or why its latest attempt did.
    pub failure: Option<Failure>,
    /// What its executor gave back. Lists leave it out unless asked for it.
    pub output: Option<Output>,
    /// The review that it is in, or was in.
    pub review: Option<Review>,
}
