use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::id::FairnessKey;
use crate::request::Fairness;

/// A checked [`Fairness`](crate::request::Fairness).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Share {
    /// For whom the batch is executed.
    #[serde(rename = "k")]
    pub key: FairnessKey,
    /// How many turns it has where one of weight 1 has one: 1 to 1,000.
    #[serde(rename = "w")]
    pub weight: NonZeroU32,
    /// How many runs of the key may be held for a run of the batch to be claimed.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub most_held: Option<NonZeroU32>,
}

impl From<Share> for Fairness {
    fn from(share: Share) -> Self {
        let mut fairness = Self::of(share.key.as_str()).weight(share.weight.get());
        fairness.most_held = share.most_held;
        fairness
    }
}
