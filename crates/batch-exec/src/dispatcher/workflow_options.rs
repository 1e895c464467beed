use std::time::Duration;

use crate::retry::RetryPolicy;

/// How the runs of one workflow are executed, where it differs from the dispatcher's options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WorkflowOptions {
    /// When failed attempts are followed by another.
    pub retry: Option<RetryPolicy>,
    /// How long an attempt may take.
    pub run_timeout: Option<Duration>,
}

impl WorkflowOptions {
    /// Sets when failed attempts are followed by another.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets how long an attempt may take.
    #[must_use]
    pub const fn run_timeout(mut self, limit: Duration) -> Self {
        self.run_timeout = Some(limit);
        self
    }
}
