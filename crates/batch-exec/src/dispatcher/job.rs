use std::sync::Arc;

use batch_core::storage::{ClaimKey, ClaimedRun};
use tokio::time::Instant;

use super::held_claim::HeldClaim;
use crate::executor::RunStop;

/// A claimed run that waits for a worker, as it came: what an executor sees of it the worker makes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) claimed: ClaimedRun,
    /// Since when it waits.
    pub(super) ready_since: Instant,
}

/// A run that a worker has taken up; its claim is held at the worker's seat.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) job: Job,
    pub(super) stop: Arc<RunStop>,
    /// How many others wait.
    pub(super) others: usize,
}

impl Job {
    /// The run and the token of its claim.
    pub(super) const fn key(&self) -> ClaimKey {
        self.claimed.claim.key()
    }

    /// The claim, to be given back.
    pub(super) fn into_claim(self) -> HeldClaim {
        HeldClaim {
            claim: self.claimed.claim,
            workflow: self.claimed.workflow,
        }
    }
}
