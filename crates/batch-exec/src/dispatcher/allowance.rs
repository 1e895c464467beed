use std::time::Duration;

use batch_core::time::Timestamp;
use tokio::time::Instant;

use super::ending::Ending;
use super::held_claim::HeldClaim;
use crate::retry::{AttemptEnd, RetryPolicy, decide};

/// What to do about an executor that does not even come back to be dropped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// From when on it is taken to block its thread.
    pub(super) overdue_at: Instant,
    /// How long the attempt may take.
    pub(super) limit: Duration,
    /// When the executor began.
    pub(super) started_at: Timestamp,
    /// Whether another attempt follows.
    pub(super) retry: RetryPolicy,
}

impl Allowance {
    /// Ends the attempt as timed out.
    pub(super) fn exceeded(self, held: HeldClaim) -> Ending {
        let (limit, output) = (self.limit, None);
        let end = AttemptEnd::TimedOut { limit, output };
        let disposition = decide(&self.retry, held.claim.run(), held.claim.attempt(), end);
        Ending::of_attempt(held, self.started_at, disposition)
    }
}
