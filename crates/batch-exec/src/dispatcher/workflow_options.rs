use std::collections::BTreeSet;
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
    /// How often a run may be snoozed before a snooze fails it for good.
    pub snoozes: Option<u32>,
    /// The reasons of failures that no other attempt follows, such as
    /// [`TIMED_OUT`](batch_core::run::Failure::TIMED_OUT), whatever the retry policy says.
    pub final_failures: BTreeSet<String>,
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

    /// Lets no other attempt follow failures with these reasons.
    #[must_use]
    pub fn final_failures<R: Into<String>>(mut self, reasons: impl IntoIterator<Item = R>) -> Self {
        self.final_failures = reasons.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how often a run may be snoozed before a snooze fails it for good.
    #[must_use]
    pub const fn snoozes(mut self, most: u32) -> Self {
        self.snoozes = Some(most);
        self
    }
}
