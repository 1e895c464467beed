use serde::{Deserialize, Serialize};

use crate::journal::Sequence;

/// What the store as a whole is at. In every commit, so that nothing is ever used twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct Head {
    /// How often the store has been opened. All claims of an earlier generation are void.
    #[serde(rename = "g")]
    pub generation: u64,
    /// The last journal entry.
    #[serde(rename = "s")]
    pub sequence: Sequence,
    /// The last journal entry that was trimmed.
    #[serde(rename = "t")]
    pub trimmed: Sequence,
    /// How many batches live: a store with fewer live records than this is damaged.
    #[serde(rename = "l")]
    pub live: u64,
    /// The key of the fingerprints, so that they tell nothing about secrets.
    #[serde(rename = "k")]
    pub fingerprint_key: [u8; 32],
}

impl Head {
    /// The head of a store that has never been opened.
    pub(in crate::kv) const fn new(fingerprint_key: [u8; 32]) -> Self {
        Self {
            generation: 0,
            sequence: Sequence::START,
            trimmed: Sequence::START,
            live: 0,
            fingerprint_key,
        }
    }
}
