use thiserror::Error;

/// A text that is no id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no {kind}: {reason}")]
pub struct InvalidId {
    kind: &'static str,
    text: String,
    reason: String,
}

impl InvalidId {
    /// Says which kind of id was expected, what came instead, and why it is none.
    ///
    /// A text of more than 80 characters is cut in the message.
    pub(crate) fn new(kind: &'static str, text: &str, reason: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.chars().take(80).collect(),
            reason: reason.into(),
        }
    }
}
