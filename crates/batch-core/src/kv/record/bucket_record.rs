use serde::{Deserialize, Serialize};

/// What is left of a workflow's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct BucketRecord {
    /// The wall time at which all of it will be there again.
    #[serde(rename = "f")]
    pub full_at: i64,
}
