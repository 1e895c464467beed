use std::fmt;

use batch_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeliveryAttempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What came of it.
    pub end: DeliveryEnd,
}

/// What came of one try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryEnd {
    /// The receiver answered with this status. Only 2xx counts as delivered.
    Answered {
        /// The status.
        status: u16,
        /// The beginning of the answer, at most 512 bytes. What is no UTF-8 is replaced.
        body: String,
    },
    /// There was no answer.
    Failed {
        /// Why.
        message: String,
    },
}

impl fmt::Display for DeliveryEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(f, "answered {status}"),
            Self::Failed { message } => f.write_str(message),
        }
    }
}
