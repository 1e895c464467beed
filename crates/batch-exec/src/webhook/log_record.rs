use batch_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Delivery, DeliveryAttempt, DeliveryId, DeliveryState};

/// One change to the deliveries of an endpoint, as a [`DeliveryLog`](super::DeliveryLog)
/// keeps it. What is inside is for this crate; a log writes it and gives it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogRecord(pub(super) Change);

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// A delivery, whole: it was taken on, or this is where it stood when the log was rewritten.
    Delivery(Box<Delivery>),
    /// It was tried, and this is what became of it.
    Tried {
        id: DeliveryId,
        attempt: DeliveryAttempt,
        state: DeliveryState,
    },
    /// It stands elsewhere without having been tried.
    Moved {
        id: DeliveryId,
        state: DeliveryState,
    },
    /// The receiver wants no more.
    Disabled { at: Timestamp },
    /// The host wants it to go on.
    Enabled,
}
