use serde::{Deserialize, Serialize};

/// What a run works on: exactly one of a url, a file id and a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Source {
    /// A file to be fetched; the engine itself never fetches it.
    #[serde(rename = "u")]
    Url {
        /// An absolute `http` or `https` url, as the caller wrote it.
        #[serde(rename = "u")]
        url: String,
        /// A label, never a path.
        #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A file the host knows.
    #[serde(rename = "f")]
    File {
        /// The host's own id.
        #[serde(rename = "i")]
        id: String,
    },
    /// A text.
    #[serde(rename = "t")]
    Text {
        /// The text itself.
        #[serde(rename = "t")]
        text: String,
        /// A label, never a path.
        #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
}
