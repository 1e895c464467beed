use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many runs in so long: a bucket of that many tokens that fills evenly.
///
/// After a quiet time all of them may be claimed at once, and then more as the bucket fills: in
/// any stretch of that length at most twice as many, and in the long run no more than it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rate {
    #[serde(rename = "n")]
    runs: NonZeroU32,
    #[serde(rename = "t", with = "millis")]
    per: Duration,
}

impl Rate {
    /// So many runs in so long. The time is kept to the millisecond and is at least one.
    #[must_use]
    pub fn new(runs: NonZeroU32, per: Duration) -> Self {
        let per = Duration::from_millis(millis::of(per).max(1));
        Self { runs, per }
    }

    /// How many runs: those that may be claimed at once after a quiet time.
    #[must_use]
    pub const fn runs(self) -> NonZeroU32 {
        self.runs
    }

    /// In how long.
    #[must_use]
    pub const fn per(self) -> Duration {
        self.per
    }
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn of(time: Duration) -> u64 {
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        of(*time).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let millis = u64::deserialize(from)?;
        Ok(Duration::from_millis(millis.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_no_time_is_one_of_a_millisecond() {
        let rate = Rate::new(NonZeroU32::MIN, Duration::ZERO);
        assert_eq!(rate.per(), Duration::from_millis(1));
    }
}
