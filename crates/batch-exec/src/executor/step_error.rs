use batch_core::id::StepName;
use batch_core::run::{InvalidStep, StepsFull};
use batch_core::storage::StorageError;
use thiserror::Error;

/// Why [`RunContext::step`](super::RunContext::step) has no result.
///
/// An executor passes it on with `?`. What trying again cannot mend then fails the run for good,
/// as `INVALID_STEP`; the rest is a failed attempt.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StepError {
    /// The attempt has a step of this name already: give each a name of its own.
    #[error("the attempt has two steps named {0}")]
    NameTaken(StepName),
    /// It cannot be a step: its name is none, or its result is no JSON.
    #[error("it cannot be a step")]
    Invalid(#[source] InvalidStep),
    /// What it came to is one too many or too large. Its effect has happened and is not recorded:
    /// keep large things elsewhere, and let the step come to where they are.
    #[error("the step {name} cannot be recorded")]
    Full {
        /// The step.
        name: StepName,
        /// Which bound it is past.
        source: StepsFull,
    },
    /// What is recorded cannot be read as the type that is asked for.
    #[error("what the step {name} came to cannot be read")]
    Unreadable {
        /// The step.
        name: StepName,
        /// Why not.
        source: serde_json::Error,
    },
    /// The run was told to stop, so the step did not begin.
    #[error("the run was told to stop before the step {0}")]
    Stopped(StepName),
    /// Somebody else has the run by now, so the result is not recorded.
    #[error("the claim was lost during the step {0}, which is not recorded")]
    ClaimLost(StepName),
    /// The store failed. Where it failed to record, the effect has happened and may happen again.
    #[error("the steps of the run could not be read or recorded")]
    Storage(#[source] StorageError),
}

impl StepError {
    /// The word for programs where trying again cannot help.
    pub const INVALID: &'static str = "INVALID_STEP";
    /// The word for programs where another attempt may do better.
    pub const NOT_RECORDED: &'static str = "STEP_NOT_RECORDED";

    /// Whether trying again cannot help.
    pub(super) const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::NameTaken(_) | Self::Invalid(_) | Self::Full { .. } | Self::Unreadable { .. }
        )
    }

    /// The word for programs.
    pub(super) const fn reason(&self) -> &'static str {
        match self.is_final() {
            true => Self::INVALID,
            false => Self::NOT_RECORDED,
        }
    }
}
