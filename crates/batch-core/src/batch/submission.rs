use serde::{Deserialize, Serialize};

use crate::id::SubmissionId;

/// Whether more batches of a submission may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Extent {
    /// More may come.
    #[serde(rename = "open")]
    Open,
    /// The last batch has been stored.
    #[serde(rename = "complete")]
    Complete,
}

/// One batch, or the batches cut from one stream of inputs.
///
/// It is the unit of fairness, of cancelling, of waiting and of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Submission {
    /// Its id.
    pub id: SubmissionId,
    /// How many batches it has so far.
    pub batches: u32,
    /// How many inputs it has so far.
    pub inputs: u64,
    /// Whether more may come.
    pub extent: Extent,
}
