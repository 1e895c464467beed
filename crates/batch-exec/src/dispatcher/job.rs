use std::sync::Arc;

use batch_core::storage::{ClaimKey, ClaimToken};
use tokio::time::Instant;

use super::held_claim::HeldClaim;
use crate::executor::{RunContext, RunStop};

/// A claimed run that waits for a worker.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) claim: HeldClaim,
    pub(super) run: RunContext,
    /// Since when it waits.
    pub(super) ready_since: Instant,
}

impl Job {
    /// The run and the token of its claim.
    pub(super) const fn key(&self) -> ClaimKey {
        self.claim.claim.key()
    }

    /// Parts with the claim; the worker executes the rest.
    pub(super) fn begin(self) -> (HeldClaim, Begun) {
        let begun = Begun {
            stop: Arc::clone(self.run.stop()),
            token: self.key().token,
            run: self.run,
            ready_since: self.ready_since,
        };
        (self.claim, begun)
    }
}

/// A run that a worker has taken up, without its claim.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) run: RunContext,
    pub(super) token: ClaimToken,
    pub(super) stop: Arc<RunStop>,
    pub(super) ready_since: Instant,
}
