use std::fmt;
use std::num::NonZeroU64;

/// The most runs that may wait in a store once a batch has come in.
///
/// Waiting runs are those in the state `PENDING`: held ones and those in review do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueBound(NonZeroU64);

impl QueueBound {
    /// At most so many.
    #[must_use]
    pub const fn new(runs: NonZeroU64) -> Self {
        Self(runs)
    }

    /// How many.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// How many waiting runs have to go before so many more may come; zero where there is room.
    #[must_use]
    pub const fn missing(self, depth: u64, inputs: u64) -> u64 {
        depth.saturating_add(inputs).saturating_sub(self.get())
    }
}

impl fmt::Display for QueueBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
