use std::num::NonZeroU32;

/// For whom a batch is executed, so that nobody waits behind somebody else's many batches.
///
/// Runs of one priority go in turn among keys, and then among the submissions of one key. Batches
/// without a key share one turn among the keys.
///
/// ```
/// use std::num::NonZeroU32;
/// use batch_core::request::{BatchRequest, Fairness};
///
/// let tenant = Fairness::of("tenant 7").weight(3).most_held(NonZeroU32::MIN);
/// let request = BatchRequest::new("count-words").fairness(tenant);
/// # drop(request);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Fairness {
    /// Who: 1 to 255 bytes without control characters.
    pub key: String,
    /// How many turns the key has in the time in which one of weight 1 has one: 1 to 1,000.
    ///
    /// A turn weighs what the batch says whose run it is.
    pub weight: u32,
    /// How many runs of the key may be held at a time for a run of this batch to be claimed.
    pub most_held: Option<NonZeroU32>,
}

impl Fairness {
    /// The largest weight.
    pub const MOST_WEIGHT: u32 = 1_000;

    /// A share of weight 1 for this key.
    #[must_use]
    pub fn of(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            weight: 1,
            most_held: None,
        }
    }

    /// Sets the weight, 1 to 1,000.
    #[must_use]
    pub const fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Claims no run of the batch while so many of its key are held.
    #[must_use]
    pub const fn most_held(mut self, runs: NonZeroU32) -> Self {
        self.most_held = Some(runs);
        self
    }
}
