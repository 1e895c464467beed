use jiff::Timestamp;

use super::{Note, Reviewer, Verdict};

/// The review that a run is in, or was in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Review {
    /// When its executor asked for a person.
    pub asked_at: Timestamp,
    /// Why.
    pub note: Note,
    /// What came of it; `None` while nobody has answered, and where the run was cancelled instead.
    pub answer: Option<ReviewAnswer>,
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReviewAnswer {
    /// What was said.
    pub verdict: Verdict,
    /// When. The run ended then.
    pub at: Timestamp,
    /// What was added.
    pub note: Option<Note>,
    /// Who said it, where that was told.
    pub reviewer: Option<Reviewer>,
}
