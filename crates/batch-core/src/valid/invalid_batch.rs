use std::error::Error;
use std::fmt;

use super::Problem;

/// A batch that was refused, with every problem of every input. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidBatch {
    problems: Vec<Problem>,
}

impl InvalidBatch {
    /// At least one problem.
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        debug_assert!(!problems.is_empty(), "a batch without problems is valid");
        Self { problems }
    }

    /// Every problem: those of the batch first, then by input.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The problems, taken out.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

impl fmt::Display for InvalidBatch {
    /// One problem a line, after a line that counts them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "the batch is refused: {count} {noun}")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl Error for InvalidBatch {}
