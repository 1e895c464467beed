use std::time::Duration;

/// What a call of an [`HttpExecutor`](super::HttpExecutor) may cost, and what it tells.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpExecutorOptions {
    /// How long a call may take in all: 60 s.
    pub timeout: Duration,
    /// How many bytes an answer may have: 1.5 MiB. An output may have 1 MiB.
    pub most_answer_bytes: usize,
    /// How many redirects are followed: none. Only 307 and 308 are, since only they keep the
    /// input; each is checked like the url itself.
    pub redirects: u8,
    /// Whether the run's secrets are sent along.
    pub secrets: SecretsSent,
}

/// Whether secrets are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SecretsSent {
    /// They stay here.
    #[default]
    No,
    /// They are in the body, under `secrets`.
    InTheBody,
}

impl Default for HttpExecutorOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            most_answer_bytes: 3 << 19,
            redirects: 0,
            secrets: SecretsSent::No,
        }
    }
}
