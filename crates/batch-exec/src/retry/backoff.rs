use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::run::Attempt;

use super::{Jitter, RetryPolicy, delay};

/// How long to wait before something in this process is tried again.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: RetryPolicy,
    failures: u32,
}

impl Backoff {
    /// For calls to the store: 20 ms, doubling, at most 2 s.
    pub(crate) const fn of_storage() -> Self {
        Self::new(Duration::from_millis(20), Duration::from_secs(2))
    }

    /// For deliveries to a sink: 100 ms, doubling, at most 30 s.
    pub(crate) const fn of_sink() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(30))
    }

    /// For pruning: 1 s, doubling, at most 5 min.
    pub(crate) const fn of_pruner() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(300))
    }

    const fn new(first_delay: Duration, max_delay: Duration) -> Self {
        Self {
            policy: RetryPolicy {
                attempts: NonZeroU32::MAX,
                first_delay,
                factor: NonZeroU32::MIN.saturating_add(1),
                max_delay,
                jitter: Jitter::None,
            },
            failures: 0,
        }
    }

    /// Counts a failure and says how long to wait.
    pub(crate) fn failed(&mut self) -> Duration {
        let wait = delay(&self.policy, Attempt::after(self.failures), 0);
        self.failures = self.failures.saturating_add(1);
        wait
    }

    /// How many failures there were since the last success.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Begins anew.
    pub(crate) const fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_begins_anew() {
        let mut backoff = Backoff::of_storage();
        assert_eq!(backoff.failed().as_millis(), 20);
        assert_eq!(backoff.failed().as_millis(), 40);
        backoff.succeeded();
        assert_eq!(backoff.failed().as_millis(), 20);
    }
}
