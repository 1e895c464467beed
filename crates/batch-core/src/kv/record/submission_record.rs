use serde::{Deserialize, Serialize};

use crate::batch::Extent;

/// How far a submission has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct SubmissionRecord {
    /// How many batches have been stored.
    #[serde(rename = "b")]
    pub batches: u32,
    /// How many of them have been pruned.
    #[serde(rename = "p")]
    pub pruned: u32,
    /// How many inputs have been stored.
    #[serde(rename = "n")]
    pub inputs: u64,
    #[serde(rename = "e")]
    pub extent: Extent,
}

impl SubmissionRecord {
    /// A submission without batches.
    pub(in crate::kv) const EMPTY: Self = Self {
        batches: 0,
        pruned: 0,
        inputs: 0,
        extent: Extent::Open,
    };

    /// Whether nothing of it is left and nothing more will come.
    pub(in crate::kv) fn is_gone(&self) -> bool {
        self.extent == Extent::Complete && self.pruned == self.batches
    }
}
