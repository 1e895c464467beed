use serde_json::Value;

/// Metadata as the caller gave it: JSON text or a value already parsed.
///
/// Text is kept as text until validation, since only there two equal keys can
/// still be seen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RawMetadata {
    /// JSON text, not yet parsed.
    Json(String),
    /// A value the caller built.
    Value(Value),
}

impl From<Value> for RawMetadata {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}
