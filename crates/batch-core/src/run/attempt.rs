use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Which try of a run this is, from 1.
///
/// An attempt that was interrupted by the death of its process, or given back
/// at shutdown, is taken up again under the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempt(NonZeroU32);

impl Attempt {
    /// The first try.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The attempt that follows after `ended` attempts have ended.
    #[must_use]
    pub const fn after(ended: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(ended))
    }

    /// The number, from 1.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
