use std::error::Error;
use std::fmt;

use super::{MergeTooLarge, Problem, ProblemCode};
use crate::ordinal::Ordinal;

/// An update of a run that was refused, with every problem. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidUpdate {
    problems: Vec<Problem>,
}

impl InvalidUpdate {
    /// At least one problem.
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        debug_assert!(!problems.is_empty(), "an update without problems is valid");
        Self { problems }
    }

    /// The metadata of the run would be too large.
    pub(crate) fn too_large(run: Ordinal, MergeTooLarge { bytes, limit }: MergeTooLarge) -> Self {
        Self::new(vec![Problem {
            ordinal: Some(run),
            path: "/metadata".into(),
            code: ProblemCode::TooLarge,
            message: format!("{bytes} bytes once merged, at most {limit}"),
            limit: u64::try_from(limit).ok(),
        }])
    }

    /// Every problem.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for InvalidUpdate {
    /// One problem a line, after a line that counts them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "the update is refused: {count} {noun}")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl Error for InvalidUpdate {}
