use super::{RawMetadata, Secrets};

/// One input as the caller says it: a file or a text, with what belongs to it.
///
/// Nothing is checked here; a batch is checked whole, by
/// [`validate`](crate::valid::validate). So every field may be set, and a
/// combination that makes no sense is a problem of the batch, not a panic.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// The file by url: `http` or `https`.
    pub file_url: Option<String>,
    /// The file by an id that the host's executor understands.
    pub file_id: Option<String>,
    /// The text itself.
    pub text: Option<String>,
    /// A label for the file or the text; never used as a path.
    pub file_name: Option<String>,
    /// A label for the run.
    pub name: Option<String>,
    /// The caller's own JSON object; it comes back with every event of the run.
    pub metadata: Option<RawMetadata>,
    /// Values for the executor alone.
    pub secrets: Secrets,
}

impl Input {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// A file that can be fetched from a url.
    #[must_use]
    pub fn file_url(url: impl Into<String>) -> Self {
        Self {
            file_url: Some(url.into()),
            ..Self::default()
        }
    }

    /// A file that the host knows by an id.
    #[must_use]
    pub fn file_id(id: impl Into<String>) -> Self {
        Self {
            file_id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Labels the file or the text.
    #[must_use]
    pub fn with_file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Labels the run.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Attaches metadata that the caller has as a value, such as `json!({"customer": 7})`.
    #[must_use]
    pub fn with_metadata(mut self, metadata: impl Into<RawMetadata>) -> Self {
        self.metadata = Some(metadata.into());
        self
    }

    /// Attaches metadata that the caller has as JSON text.
    #[must_use]
    pub fn with_metadata_json(mut self, json: impl Into<String>) -> Self {
        self.metadata = Some(RawMetadata::Json(json.into()));
        self
    }

    /// Adds a secret.
    #[must_use]
    pub fn with_secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.secrets.insert(name, value);
        self
    }
}
