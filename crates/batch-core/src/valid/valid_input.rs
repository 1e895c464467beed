use serde::{Deserialize, Serialize};

use super::{Metadata, Source};
use crate::request::Secrets;

/// One input that passed every check.
///
/// Its secrets are not part of its serialised form: storage keeps them apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidInput {
    #[serde(rename = "s")]
    source: Source,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "m", default, skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
    /// Kept when the values are gone, so that a retry can ask for them by name.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    secret_names: Vec<String>,
    #[serde(skip)]
    secrets: Secrets,
}

impl ValidInput {
    #[inline]
    pub(crate) fn new(
        source: Source,
        name: Option<String>,
        metadata: Metadata,
        secrets: Secrets,
    ) -> Self {
        let secret_names = match secrets.is_empty() {
            true => Vec::new(),
            false => secrets.iter().map(|(name, _)| name.to_owned()).collect(),
        };
        Self {
            source,
            name,
            metadata,
            secret_names,
            secrets,
        }
    }

    /// An input as a store has it, without the values of its secrets.
    pub(crate) fn stored(
        source: Source,
        name: Option<String>,
        metadata: Metadata,
        secret_names: Vec<String>,
    ) -> Self {
        Self {
            source,
            name,
            metadata,
            secret_names,
            secrets: Secrets::new(),
        }
    }

    /// What the run works on.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The run's label.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The caller's own object.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Values for the executor alone.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The names of the secrets it was given; they stay when the values are gone.
    #[must_use]
    pub fn secret_names(&self) -> &[String] {
        &self.secret_names
    }

    /// What is left of an input whose run was deleted.
    pub(crate) fn blank() -> Self {
        let source = Source::Text {
            text: String::new(),
            name: None,
        };
        Self::new(source, None, Metadata::default(), Secrets::new())
    }

    pub(crate) fn relabel(&mut self, name: Option<String>, metadata: Metadata) {
        self.name = name;
        self.metadata = metadata;
    }

    /// The values of its secrets, which it has no more then.
    pub(crate) fn take_secrets(&mut self) -> Secrets {
        std::mem::take(&mut self.secrets)
    }

    pub(crate) fn set_secrets(&mut self, secrets: Secrets) {
        self.secrets = secrets;
    }

    /// About how many bytes this input takes in a store.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let source = match &self.source {
            Source::Url { url, name } => url.len() + name.as_ref().map_or(0, String::len),
            Source::File { id } => id.len(),
            Source::Text { text, name } => text.len() + name.as_ref().map_or(0, String::len),
        };
        let names: usize = self.secret_names.iter().map(String::len).sum();
        source + names + self.name.as_ref().map_or(0, String::len) + self.metadata.as_json().len()
    }
}

#[cfg(test)]
mod tests {
    use crate::request::{BatchRequest, Input, Limits};
    use crate::valid::validate;

    fn bytes(input: Input) -> usize {
        let request = BatchRequest::new("w").input(input);
        let batch = validate(request, &Limits::default()).unwrap();
        batch.inputs[0].bytes()
    }

    #[test]
    fn all_that_an_input_says_counts_and_the_values_of_secrets_do_not() {
        let empty = "{}".len();
        assert_eq!(bytes(Input::text("12345")), 5 + empty);
        assert_eq!(bytes(Input::text("12345").with_name("123")), 5 + 3 + empty);
        let file = Input::file_url("http://a.example/b").with_file_name("c.pdf");
        assert_eq!(bytes(file), 18 + 5 + empty);
        let hiding = Input::text("12345").with_secret("1234", "of any length");
        assert_eq!(bytes(hiding), 5 + 4 + empty);
    }
}
