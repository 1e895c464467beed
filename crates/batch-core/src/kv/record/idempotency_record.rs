use serde::{Deserialize, Serialize};

use crate::id::BatchId;

/// HMAC-SHA256 of a request under the store's own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::kv) struct Fingerprint(pub [u8; 32]);

/// What was stored under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct IdempotencyRecord {
    #[serde(rename = "b")]
    pub batch: BatchId,
    #[serde(rename = "f")]
    pub fingerprint: Fingerprint,
}
