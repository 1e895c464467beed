use batch_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// It is to be delivered.
    Pending {
        /// When it is tried, or as soon as its turn comes after that.
        due_at: Timestamp,
        /// How many tries have failed.
        failed_tries: u32,
    },
    /// The receiver has answered 2xx.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// Nobody tries any more, unless it is set going by hand.
    Dead {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: DeadReason,
    },
}

/// Why a delivery is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeadReason {
    /// The last try of the schedule has failed.
    TriesSpent,
    /// The receiver has answered 410, to this or to another delivery: it wants no more.
    EndpointDisabled,
}
