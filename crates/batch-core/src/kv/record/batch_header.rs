use serde::{Deserialize, Serialize};

use super::Sweep;
use crate::batch::Counts;
use crate::catalogue::Version;
use crate::id::{BatchId, IdempotencyKey, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::request::Priority;

/// What a batch is. Written when it is stored, and once more when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct BatchHeader {
    #[serde(rename = "s")]
    pub submission: SubmissionId,
    #[serde(rename = "p")]
    pub part: u32,
    #[serde(rename = "w")]
    pub workflow: WorkflowId,
    #[serde(rename = "v")]
    pub version: Version,
    #[serde(rename = "y")]
    pub priority: Priority,
    #[serde(rename = "n")]
    pub total: u32,
    /// The bytes of its inputs as they are stored, so that claims stay bounded.
    #[serde(rename = "z", default)]
    pub bytes: u64,
    #[serde(rename = "c")]
    pub created_at: i64,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<BatchId>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
    /// How many of its inputs came with secrets.
    #[serde(rename = "x", default)]
    pub with_secrets: u32,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<BatchEnd>,
}

impl BatchHeader {
    /// The bytes of one of its inputs, on average; at least one.
    pub(in crate::kv) fn average_input(&self) -> u64 {
        (self.bytes / u64::from(self.total.max(1))).max(1)
    }
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct BatchEnd {
    #[serde(rename = "a")]
    pub at: i64,
    /// The journal entry that says so. The last one about this batch.
    #[serde(rename = "q")]
    pub sequence: Sequence,
    #[serde(rename = "c")]
    pub counts: Counts,
    #[serde(rename = "w", default)]
    pub sweeps: Vec<Sweep>,
}
