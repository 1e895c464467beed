use batch_core::run::Attempt;
use batch_core::storage::{Claim, ClaimKey, Disposition, Settlement};
use batch_core::time::Timestamp;

/// An attempt that ended and is to be recorded.
///
/// Unlike a [`Settlement`] it can be recorded again after an unclear error.
#[derive(Debug)]
pub(super) struct Ending {
    claim: Claim,
    started_at: Option<Timestamp>,
    disposition: Disposition,
}

impl Ending {
    /// A run that is given back before an executor began.
    pub(super) const fn released(claim: Claim) -> Self {
        Self {
            claim,
            started_at: None,
            disposition: Disposition::Released,
        }
    }

    /// An attempt that an executor began.
    pub(super) const fn of_attempt(
        claim: Claim,
        started_at: Timestamp,
        disposition: Disposition,
    ) -> Self {
        Self {
            claim,
            started_at: Some(started_at),
            disposition,
        }
    }

    /// The run and its token.
    pub(super) const fn key(&self) -> ClaimKey {
        self.claim.key()
    }

    /// Which attempt ended.
    pub(super) const fn attempt(&self) -> Attempt {
        self.claim.attempt()
    }

    /// What to tell the store. Telling it twice is harmless: the token is spent by the first.
    pub(super) fn settlement(&self) -> Settlement {
        let claim = Claim::new(self.claim.key(), self.claim.attempt());
        let settlement = Settlement::new(claim, self.disposition.clone());
        match self.started_at {
            Some(at) => settlement.started_at(at),
            None => settlement,
        }
    }
}
