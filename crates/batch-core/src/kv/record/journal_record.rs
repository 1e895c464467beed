use serde::{Deserialize, Serialize};

use super::timestamp;
use crate::id::BatchId;
use crate::journal::{Entry, Fact, Sequence};

/// The journal entries of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct JournalRecord {
    /// The sequence of the first entry; the others follow without gaps.
    #[serde(rename = "q")]
    pub first: Sequence,
    #[serde(rename = "a")]
    pub at: i64,
    #[serde(rename = "e")]
    pub entries: Vec<(BatchId, Fact)>,
}

impl JournalRecord {
    /// The entries, as readers see them.
    pub(in crate::kv) fn into_entries(self) -> impl Iterator<Item = Entry> {
        let (first, at) = (self.first.get(), timestamp(self.at));
        (first..)
            .zip(self.entries)
            .map(move |(number, (batch, fact))| Entry::new(Sequence::new(number), at, batch, fact))
    }
}
