use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{InvalidId, StepName};

/// A part of a run that is done, and what it came to: one JSON value under a name.
///
/// `Debug` shows how large the value is, and not the value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    #[serde(rename = "n")]
    name: StepName,
    #[serde(rename = "v")]
    json: Arc<str>,
}

/// What cannot be a step.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InvalidStep {
    /// Its name is none.
    #[error("the step cannot be named so")]
    Name(#[from] InvalidId),
    /// Its result cannot be written as JSON.
    #[error("the result of the step cannot be written as JSON")]
    NotJson(#[source] serde_json::Error),
}

impl Step {
    /// A step with its result.
    ///
    /// # Errors
    ///
    /// [`InvalidStep::NotJson`] when the result cannot be JSON. How large it may be says
    /// [`Steps`](super::Steps), to which it is added.
    pub fn new(name: StepName, result: &impl Serialize) -> Result<Self, InvalidStep> {
        let json = serde_json::to_string(result).map_err(InvalidStep::NotJson)?;
        let json = json.into();
        Ok(Self { name, json })
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &StepName {
        &self.name
    }

    /// The result, as JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// Reads the result as a type of the caller's.
    ///
    /// # Errors
    ///
    /// What `serde_json` says where the JSON does not fit the type.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        serde_json::from_str(&self.json)
    }

    /// What counts towards the bound of all steps: name and result.
    pub(super) fn bytes(&self) -> usize {
        self.name.as_str().len() + self.json.len()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {:?} of {} bytes", self.name, self.json.len())
    }
}
