use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// The caller's own JSON object, checked and compact. Empty unless given.
///
/// Keys stand in the order and numbers with the digits in which they were given. No two keys of
/// one object are equal, and no key or string holds U+0000.
///
/// ```
/// use batch_core::request::{BatchRequest, Input, Limits};
/// use batch_core::valid::validate;
///
/// let input = Input::text("t").with_metadata_json(r#"{ "z": 1.50, "a": [ "\u00e9" ] }"#);
/// let batch = validate(BatchRequest::new("w").input(input), &Limits::default())?;
/// let metadata = batch.inputs()[0].metadata();
///
/// assert_eq!(metadata.as_json(), r#"{"z":1.50,"a":["é"]}"#);
/// assert_eq!(metadata.to_map()["a"][0], "é");
/// # Ok::<(), batch_core::valid::InvalidBatch>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "Box<str>")]
pub struct Metadata {
    /// Empty for an object without members, which then takes no memory.
    json: Box<str>,
}

const EMPTY: &str = "{}";

impl Metadata {
    /// Wraps compact JSON text of an object; the caller has checked that it is one.
    pub(crate) fn from_checked(json: impl Into<Box<str>> + AsRef<str>) -> Self {
        if json.as_ref() == EMPTY {
            return Self::default();
        }
        Self { json: json.into() }
    }

    /// The object as compact JSON text; nothing for one without members.
    pub(crate) fn into_json(self) -> Option<String> {
        (!self.is_empty()).then(|| self.json.into())
    }

    /// The object as compact JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        if self.json.is_empty() {
            EMPTY
        } else {
            &self.json
        }
    }

    /// The object, parsed.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        // Validation wrote the text, so it parses; a damaged store is found by its checksums.
        serde_json::from_str(self.as_json()).unwrap_or_default()
    }

    /// Whether the object has no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }
}

impl From<Box<str>> for Metadata {
    /// For reading back what was stored.
    fn from(json: Box<str>) -> Self {
        Self::from_checked(json)
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_json())
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_is_the_default_however_it_was_made() {
        let read: Metadata = serde_json::from_str("\"{}\"").unwrap();
        assert_eq!(read, Metadata::default());
        assert_eq!(Metadata::from_checked("{}"), Metadata::default());
        assert_eq!(Metadata::default().as_json(), "{}");
        assert!(Metadata::default().is_empty() && Metadata::default().to_map().is_empty());
    }

    #[test]
    fn stored_metadata_reads_back_the_same() {
        for json in ["{}", r#"{"a":[1,"b"]}"#] {
            let metadata = Metadata::from_checked(json);
            let stored = serde_json::to_string(&metadata).unwrap();
            assert_eq!(serde_json::from_str::<Metadata>(&stored).unwrap(), metadata);
        }
    }
}
