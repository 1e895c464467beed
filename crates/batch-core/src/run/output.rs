use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an executor gives back: one JSON value, kept as compact text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Output(Arc<str>);

/// A value that cannot be an output.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InvalidOutput {
    /// It cannot be written as JSON.
    #[error("the output cannot be written as JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is too large.
    #[error("the output has {bytes} bytes, at most {limit}")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
}

impl Output {
    /// The most bytes of an output, as JSON text: 1 MiB.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// [`InvalidOutput`] when the value cannot be JSON or has more than
    /// [`Output::MAX_BYTES`] as text.
    pub fn new(value: &impl Serialize) -> Result<Self, InvalidOutput> {
        let json = serde_json::to_string(value).map_err(InvalidOutput::NotJson)?;
        if json.len() > Self::MAX_BYTES {
            return Err(InvalidOutput::TooLarge {
                bytes: json.len(),
                limit: Self::MAX_BYTES,
            });
        }
        Ok(Self(json.into()))
    }

    /// Wraps JSON text that a store kept.
    pub(crate) fn from_stored(json: impl Into<Arc<str>>) -> Self {
        Self(json.into())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Reads the output as a type of the caller's.
    ///
    /// # Errors
    ///
    /// What `serde_json` says where the JSON does not fit the type.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_past_the_bound_is_refused_with_both_numbers() {
        let error = Output::new(&"x".repeat(Output::MAX_BYTES)).unwrap_err();
        let text = error.to_string();
        assert_eq!(text, "the output has 1048578 bytes, at most 1048576");
    }
}
