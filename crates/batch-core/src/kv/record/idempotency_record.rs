use serde::{Deserialize, Serialize};

use crate::id::{BatchId, SubmissionId};

/// HMAC-SHA256 of a request under the store's own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::kv) struct Fingerprint(pub [u8; 32]);

/// What was stored under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct IdempotencyRecord {
    #[serde(rename = "b")]
    pub batch: BatchId,
    /// The key is kept for as long as anything of this is.
    #[serde(rename = "s")]
    pub submission: SubmissionId,
    #[serde(rename = "f")]
    pub fingerprint: Fingerprint,
}
