use std::collections::BTreeMap;

use crate::ordinal::Ordinal;
use crate::request::Secrets;

/// Which version the runs of a retry get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RetryVersion {
    /// The version of the batch whose runs failed.
    #[default]
    Keep,
    /// The newest deployed version; where none is deployed, the draft.
    Newest,
}

/// How to run failed runs again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RetryOptions {
    /// Which version to run.
    pub version: RetryVersion,
    /// The key under which this retry happens once.
    pub idempotency_key: Option<String>,
    /// Secrets for every run that had one of that name.
    pub shared_secrets: Secrets,
    /// Secrets for single runs, by their place in the batch whose runs failed. They take
    /// precedence over the shared ones.
    pub secrets: BTreeMap<Ordinal, Secrets>,
}

impl RetryOptions {
    /// Chooses the version.
    #[must_use]
    pub const fn version(mut self, version: RetryVersion) -> Self {
        self.version = version;
        self
    }

    /// Makes repeating the retry harmless: the same key and content gives the first batch back.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Gives a secret to every run that had one of this name.
    #[must_use]
    pub fn shared_secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.shared_secrets.insert(name, value);
        self
    }

    /// Gives a secret to one run, by its place in the batch whose runs failed.
    #[must_use]
    pub fn secret(
        mut self,
        ordinal: Ordinal,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.secrets.entry(ordinal).or_default().insert(name, value);
        self
    }
}
