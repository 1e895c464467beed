use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Rate;

/// How much of a workflow is executed at a time, whoever executes it. By default any amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkflowLimits {
    /// The most runs that are held at a time, prefetched ones included.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub most_held: Option<NonZeroU32>,
    /// How many runs are claimed in a time.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

impl WorkflowLimits {
    /// Bounds how many runs are held at a time.
    #[must_use]
    pub const fn most_held(mut self, runs: NonZeroU32) -> Self {
        self.most_held = Some(runs);
        self
    }

    /// Bounds how many runs are claimed in a time.
    #[must_use]
    pub const fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Whether there is no limit.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
