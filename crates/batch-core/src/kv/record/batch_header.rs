use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Sweep, timestamp};
use crate::batch::Counts;
use crate::catalogue::Version;
use crate::id::{BatchId, FairnessKey, IdempotencyKey, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::request::{Priority, Timing};
use crate::valid::Share;

/// What a batch is. Written when it is stored, when an update makes an input larger or smaller,
/// and when it ends.
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
    /// The bytes of its inputs as they are stored, so that claims stay bounded. Those of deleted
    /// runs still count, as what is left of the others says nothing about their average.
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
    /// The time before which none of its runs is due; `None` for `created_at`.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    /// The milliseconds over which its runs become due.
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    pub spread: u64,
    /// When what still waits ends as failed.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// For whom it is executed.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// When it was deleted; it then stands under a key of its own.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<BatchEnd>,
}

impl BatchHeader {
    /// The bytes of one of its inputs, on average; at least one.
    pub(in crate::kv) fn average_input(&self) -> u64 {
        (self.bytes / u64::from(self.total.max(1))).max(1)
    }

    pub(in crate::kv) fn fairness_key(&self) -> Option<FairnessKey> {
        self.share.as_ref().map(|share| share.key.clone())
    }

    /// When its runs may begin, and until when, as a caller said it.
    pub(in crate::kv) fn timing(&self) -> Timing {
        Timing {
            not_before: self.not_before.map(timestamp),
            spread: Duration::from_millis(self.spread),
            expires_at: self.expires_at.map(timestamp),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct BatchEnd {
    #[serde(rename = "a")]
    pub at: i64,
    /// The journal entry that says so.
    #[serde(rename = "q")]
    pub sequence: Sequence,
    #[serde(rename = "c")]
    pub counts: Counts,
    #[serde(rename = "w", default)]
    pub sweeps: Vec<Sweep>,
    /// The runs that were deleted.
    #[serde(rename = "d", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub deleted: OrdinalSet,
    /// The last journal entry about it, where one came after its end.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Sequence>,
}

impl BatchEnd {
    /// The last journal entry about the batch.
    pub(in crate::kv) fn last_entry(&self) -> Sequence {
        self.last.unwrap_or(self.sequence)
    }
}

#[cfg(test)]
impl BatchHeader {
    /// A header of a batch of one run, for tests to change.
    pub(in crate::kv) fn sample() -> Self {
        let id = BatchId::generate();
        Self {
            submission: SubmissionId::of_first_batch(id),
            part: 0,
            workflow: WorkflowId::new("w").unwrap(),
            version: Version::Draft,
            priority: Priority::BATCH,
            total: 1,
            bytes: 1,
            created_at: 0,
            retry_of: None,
            idempotency_key: None,
            with_secrets: 0,
            not_before: None,
            spread: 0,
            expires_at: None,
            share: None,
            deleted_at: None,
            end: None,
        }
    }
}
