use std::path::PathBuf;
use std::time::Duration;

use super::ContentKind;

/// What a fetch may cost, and what it may bring.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FetchOptions {
    /// How many bytes a file may have: 100 MiB.
    pub most_bytes: u64,
    /// How long a fetch may take in all, redirects and the last byte included: 60 s.
    pub timeout: Duration,
    /// How many redirects are followed: 5. Each is checked like the url itself.
    pub redirects: u8,
    /// What a file may be, by its first bytes; anything, unless it is set.
    pub kinds: AllowedKinds,
    /// Where temporary files are made; where the system makes them, unless it is set.
    pub folder: Option<PathBuf>,
}

/// What a file may be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AllowedKinds {
    /// Anything.
    #[default]
    Any,
    /// Only these.
    Only(Vec<ContentKind>),
}

impl AllowedKinds {
    pub(super) fn allow(&self, kind: ContentKind) -> bool {
        match self {
            Self::Any => true,
            Self::Only(kinds) => kinds.contains(&kind),
        }
    }
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            most_bytes: 100 << 20,
            timeout: Duration::from_secs(60),
            redirects: 5,
            kinds: AllowedKinds::Any,
            folder: None,
        }
    }
}
