use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Step;
use crate::id::StepName;

/// What a run has recorded of its steps, in the order of recording. Each name is there once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Steps(Vec<Step>);

/// Why no more steps of a run can be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StepsFull {
    /// There are as many as there may be.
    #[error("the run has recorded {limit} steps, as many as it may")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// They would be too large.
    #[error("the steps of the run would come to {bytes} bytes, at most {limit}")]
    TooLarge {
        /// How large they would be.
        bytes: usize,
        /// How large they may be.
        limit: usize,
    },
}

impl Steps {
    /// The most steps of a run.
    pub const MOST: usize = 256;

    /// The most bytes of all names and results of a run's steps together, the results as JSON
    /// text: 256 KiB.
    pub const MAX_BYTES: usize = 256 << 10;

    /// The step of this name.
    #[must_use]
    pub fn get(&self, name: &StepName) -> Option<&Step> {
        self.0.iter().find(|step| step.name() == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Step> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a step. One whose name is there already is left out: the first one stays.
    ///
    /// # Errors
    ///
    /// [`StepsFull`] when it is one too many, or all together were too large.
    pub fn add(&mut self, step: Step) -> Result<(), StepsFull> {
        if self.get(step.name()).is_some() {
            return Ok(());
        }
        if self.len() >= Self::MOST {
            let limit = Self::MOST;
            return Err(StepsFull::TooMany { limit });
        }
        let bytes = self.iter().map(Step::bytes).sum::<usize>() + step.bytes();
        if bytes > Self::MAX_BYTES {
            let limit = Self::MAX_BYTES;
            return Err(StepsFull::TooLarge { bytes, limit });
        }
        self.0.push(step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, result: &str) -> Step {
        Step::new(StepName::new(name).unwrap(), &result).unwrap()
    }

    #[test]
    fn the_257th_step_is_refused_and_says_how_many_there_may_be() {
        let mut steps = Steps::default();
        for n in 0..256 {
            steps.add(step(&n.to_string(), "")).unwrap();
        }
        let full = steps.add(step("more", "")).unwrap_err();
        assert_eq!(steps.len(), 256);
        let said = full.to_string();
        assert_eq!(said, "the run has recorded 256 steps, as many as it may");
    }

    #[test]
    fn all_together_have_256_kib_at_most() {
        let mut steps = Steps::default();
        // A name of one byte, and two quotes around the text.
        steps.add(step("a", &"x".repeat(200_000 - 3))).unwrap();
        let rest = Steps::MAX_BYTES - 200_000;
        let full = steps.clone().add(step("b", &"x".repeat(rest - 2)));
        let said = full.unwrap_err().to_string();
        let expected = "the steps of the run would come to 262145 bytes, at most 262144";
        assert_eq!(said, expected);
        steps.add(step("b", &"x".repeat(rest - 3))).unwrap();
    }

    #[test]
    fn what_was_recorded_first_under_a_name_stays() {
        let mut steps = Steps::default();
        steps.add(step("a", "first")).unwrap();
        steps.add(step("a", "second")).unwrap();
        let kept: Vec<&str> = steps.iter().map(Step::as_json).collect();
        assert_eq!(kept, ["\"first\""]);
    }

    #[test]
    fn debug_does_not_show_what_a_step_came_to() {
        let text = format!("{:?}", step("charge", "hunter2"));
        assert_eq!(text, "step \"charge\" of 9 bytes");
    }
}
