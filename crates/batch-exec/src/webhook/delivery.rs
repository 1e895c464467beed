use std::collections::VecDeque;
use std::sync::Arc;

use batch_core::id::{BatchId, RunId};
use batch_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DeliveryAttempt, DeliveryId, DeliveryState};

/// How many attempts of one delivery are remembered, the latest.
const MOST_ATTEMPTS: usize = 32;

/// One event on its way to one endpoint, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Delivery {
    /// What the receiver knows it by.
    pub id: DeliveryId,
    /// The event's name, such as `run.processed`.
    pub event: String,
    /// The run the event is about, where it is about one.
    pub run: Option<RunId>,
    /// When the sink took it on.
    pub accepted_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// The latest 32 attempts, oldest first.
    pub attempts: VecDeque<DeliveryAttempt>,
    /// The exact text that is sent, JSON.
    pub body: Arc<str>,
}

impl Delivery {
    /// The batch the event is about.
    #[must_use]
    pub const fn batch(&self) -> BatchId {
        self.id.batch()
    }

    /// Whether it is still to be delivered.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        matches!(self.state, DeliveryState::Pending { .. })
    }

    /// Whether it was given up.
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        matches!(self.state, DeliveryState::Dead { .. })
    }

    /// How many tries have failed since it was taken on, or since it was last set going by hand.
    pub(super) const fn failed_tries(&self) -> u32 {
        match self.state {
            DeliveryState::Pending { failed_tries, .. } => failed_tries,
            _ => 0,
        }
    }

    pub(super) fn remember(&mut self, attempt: DeliveryAttempt) {
        if self.attempts.len() == MOST_ATTEMPTS {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }
}
