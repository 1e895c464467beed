use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The caller's own JSON object, checked and compact. Empty unless given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Box<str>);

impl Metadata {
    /// Wraps compact JSON text of an object; the caller has checked that it is one.
    pub(crate) fn from_checked(json: impl Into<Box<str>>) -> Self {
        Self(json.into())
    }

    /// The object as compact JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The object, parsed.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        // Validation wrote the text, so it parses; a damaged store is found by its checksums.
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// Whether the object has no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        &*self.0 == "{}"
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
