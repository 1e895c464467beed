use std::num::NonZeroUsize;
use std::time::Duration;

use super::RetrySchedule;

/// How an endpoint is served.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebhookOptions {
    /// How long one try may take in all: 30 s.
    pub timeout: Duration,
    /// When a delivery that failed is tried again: for about a day.
    pub schedule: RetrySchedule,
    /// The longest that a `Retry-After` is obeyed: an hour.
    pub longest_retry_after: Duration,
    /// How many deliveries are under way at the same time, at most: 8.
    pub in_flight: NonZeroUsize,
    /// How many deliveries are taken on before one has ended, at most: 10,000. What goes
    /// beyond waits in the journal.
    pub most_pending: NonZeroUsize,
    /// How many bytes a body may have: 20,000. From one that is larger the run's name and
    /// metadata are left out.
    pub most_body_bytes: usize,
    /// How many dead deliveries are kept: 10,000, the latest.
    pub keep_dead: usize,
    /// How many delivered ones are kept to be looked at and sent again: 1,000, the latest.
    pub keep_delivered: usize,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        let positive = |number| NonZeroUsize::new(number).expect("the numbers below are not zero");
        Self {
            timeout: Duration::from_secs(30),
            schedule: RetrySchedule::default(),
            longest_retry_after: Duration::from_secs(3_600),
            in_flight: positive(8),
            most_pending: positive(10_000),
            most_body_bytes: 20_000,
            keep_dead: 10_000,
            keep_delivered: 1_000,
        }
    }
}
