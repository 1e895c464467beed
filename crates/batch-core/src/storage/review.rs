use crate::id::RunId;
use crate::run::{Note, Reviewer, RunState, Verdict};

/// What a person answers to a run in review.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReviewRequest {
    /// The run.
    pub run: RunId,
    /// What is said.
    pub verdict: Verdict,
    /// What is added.
    pub note: Option<Note>,
    /// Who says it.
    pub reviewer: Option<Reviewer>,
}

impl ReviewRequest {
    /// An answer by nobody in particular.
    #[must_use]
    pub const fn new(run: RunId, verdict: Verdict) -> Self {
        Self {
            run,
            verdict,
            note: None,
            reviewer: None,
        }
    }

    /// The run is right.
    #[must_use]
    pub const fn approve(run: RunId) -> Self {
        Self::new(run, Verdict::Approved)
    }

    /// The run is wrong.
    #[must_use]
    pub const fn reject(run: RunId) -> Self {
        Self::new(run, Verdict::Rejected)
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<Note>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Says who answers.
    #[must_use]
    pub fn by(mut self, reviewer: impl Into<Reviewer>) -> Self {
        self.reviewer = Some(reviewer.into());
        self
    }
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReviewReply {
    /// The run has ended by it.
    Recorded,
    /// The run had ended by the same verdict. Nothing was changed.
    Repeated,
    /// The run is not in review but in this state. Nothing was changed.
    NotInReview(RunState),
    /// There is no such run.
    NotFound,
}
