use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::catalogue::Version;
use crate::id::{RunId, SubmissionId, WorkflowId};
use crate::run::Attempt;
use crate::valid::ValidInput;

/// Asks for runs to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimRequest {
    /// The workflows the caller can execute.
    pub workflows: Vec<WorkflowId>,
    /// The most runs it wants.
    pub limit: NonZeroU32,
    /// How long the claims last unless renewed.
    pub lease: Duration,
    /// How long the caller is ready to wait where nothing is claimable: none by default.
    ///
    /// A storage that lets claims wait
    /// ([`Description::patient_claims`](super::Description::patient_claims)) has no timer: the
    /// caller drops the call when its patience ends, and holds nothing then.
    pub patience: Duration,
}

impl ClaimRequest {
    /// Asks for at most `limit` runs of these workflows, with leases of 30 s and no patience.
    #[must_use]
    pub const fn new(workflows: Vec<WorkflowId>, limit: NonZeroU32) -> Self {
        Self {
            workflows,
            limit,
            lease: Duration::from_secs(30),
            patience: Duration::ZERO,
        }
    }
}

/// Proof of a claim. One number that only ever grows, across restarts too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimToken(u64);

impl ClaimToken {
    /// The token with this number. Storages make tokens; nobody else does.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for ClaimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "claim {}", self.0)
    }
}

/// A run and the token of one claim to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimKey {
    /// The run.
    pub run: RunId,
    /// The token it was claimed with.
    pub token: ClaimToken,
}

/// The temporary right to execute one run. A value that is spent: settling takes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Claim {
    key: ClaimKey,
    attempt: Attempt,
}

impl Claim {
    /// A claim, as a storage grants it.
    #[must_use]
    pub const fn new(key: ClaimKey, attempt: Attempt) -> Self {
        Self { key, attempt }
    }

    /// The run and the token.
    #[must_use]
    pub const fn key(&self) -> ClaimKey {
        self.key
    }

    /// The run.
    #[must_use]
    pub const fn run(&self) -> RunId {
        self.key.run
    }

    /// Which try this is. Not the token: an interrupted attempt is taken up under the same number.
    #[must_use]
    pub const fn attempt(&self) -> Attempt {
        self.attempt
    }
}

/// A claimed run, with all that an executor needs.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimedRun {
    /// The right to execute it.
    pub claim: Claim,
    /// The submission it belongs to.
    pub submission: SubmissionId,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The version, pinned at submit.
    pub version: Version,
    /// How often a process died while it held the run.
    pub interruptions: u32,
    /// How often it was snoozed.
    pub snoozes: u32,
    /// How many steps it has recorded.
    pub steps: u32,
    /// What to work on, secrets included.
    pub input: ValidInput,
}

impl ClaimedRun {
    /// A claimed run, as a storage hands it over: one that was never snoozed and has recorded no
    /// steps. Set `snoozes` and `steps` where it is otherwise.
    #[must_use]
    pub const fn new(
        claim: Claim,
        submission: SubmissionId,
        workflow: WorkflowId,
        version: Version,
        interruptions: u32,
        input: ValidInput,
    ) -> Self {
        Self {
            claim,
            submission,
            workflow,
            version,
            interruptions,
            snoozes: 0,
            steps: 0,
            input,
        }
    }
}

/// What a claim found.
#[derive(Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed {
    /// The runs, at most as many as asked for.
    pub runs: Vec<ClaimedRun>,
    /// How long until time alone may make another run claimable; `None` if never.
    ///
    /// News of other kinds are told by [`Storage::wait`](super::Storage::wait).
    pub next_due: Option<Duration>,
}

impl Claimed {
    /// What a claim found, as a storage says it.
    #[must_use]
    pub const fn new(runs: Vec<ClaimedRun>, next_due: Option<Duration>) -> Self {
        Self { runs, next_due }
    }
}
