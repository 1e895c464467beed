use batch_core::id::WorkflowId;
use batch_core::run::Attempt;
use batch_core::storage::{Claim, ClaimKey, Disposition, Settlement};
use batch_core::time::Timestamp;

use super::held_claim::HeldClaim;

/// An attempt that ended and is to be recorded.
///
/// Unlike a [`Settlement`] it can be recorded again after an unclear error.
#[derive(Debug)]
pub(super) struct Ending {
    held: HeldClaim,
    started_at: Option<Timestamp>,
    disposition: Disposition,
}

impl Ending {
    /// A run that is given back before an executor began.
    pub(super) const fn released(held: HeldClaim) -> Self {
        Self {
            held,
            started_at: None,
            disposition: Disposition::Released,
        }
    }

    /// An attempt that an executor began.
    pub(super) const fn of_attempt(
        held: HeldClaim,
        started_at: Timestamp,
        disposition: Disposition,
    ) -> Self {
        Self {
            held,
            started_at: Some(started_at),
            disposition,
        }
    }

    /// The run and its token.
    pub(super) const fn key(&self) -> ClaimKey {
        self.held.claim.key()
    }

    /// Which attempt ended.
    pub(super) const fn attempt(&self) -> Attempt {
        self.held.claim.attempt()
    }

    /// Of which workflow the run is.
    pub(super) const fn workflow(&self) -> &WorkflowId {
        &self.held.workflow
    }

    /// Whether an executor had begun.
    pub(super) const fn is_of_attempt(&self) -> bool {
        self.started_at.is_some()
    }

    /// Whether the run is to wait for another attempt.
    pub(super) const fn is_retry(&self) -> bool {
        matches!(self.disposition, Disposition::Retry { .. })
    }

    /// Whether the run was put back until later.
    pub(super) const fn is_snooze(&self) -> bool {
        matches!(self.disposition, Disposition::Snoozed { .. })
    }

    /// What to tell the store. Telling it twice is harmless: the token is spent by the first.
    pub(super) fn settlement(&self) -> Settlement {
        let claim = Claim::new(self.held.claim.key(), self.held.claim.attempt());
        let settlement = Settlement::new(claim, self.disposition.clone());
        match self.started_at {
            Some(at) => settlement.started_at(at),
            None => settlement,
        }
    }
}
