use std::num::NonZeroU32;
use std::time::Duration;

use crate::retry::mix;

/// When a delivery that failed is tried again, and when no more.
///
/// The default tries fifteen times: after 5 s, and then after three times as
/// long each time, at most 4 hours. That is 28 hours in all, so a receiver that is
/// down for a whole day misses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrySchedule {
    /// How often a delivery is tried in all. After the last it is dead.
    pub tries: NonZeroU32,
    /// How long to wait after the first.
    pub first_wait: Duration,
    /// How much longer to wait after each that follows.
    pub factor: NonZeroU32,
    /// The longest wait, up to a tenth more by chance.
    pub longest_wait: Duration,
}

impl Default for RetrySchedule {
    fn default() -> Self {
        let positive = |number| NonZeroU32::new(number).expect("the numbers below are not zero");
        Self {
            tries: positive(15),
            first_wait: Duration::from_secs(5),
            factor: positive(3),
            longest_wait: Duration::from_secs(4 * 3_600),
        }
    }
}

impl RetrySchedule {
    /// As by default, with as many tries as it takes to go on for this long.
    ///
    /// ```
    /// use std::time::Duration;
    /// use batch_exec::webhook::RetrySchedule;
    ///
    /// let three_days = Duration::from_secs(3 * 24 * 3_600);
    /// assert_eq!(RetrySchedule::lasting(three_days).tries.get(), 28);
    /// ```
    #[must_use]
    pub fn lasting(at_least: Duration) -> Self {
        let mut schedule = Self {
            tries: NonZeroU32::MIN,
            ..Self::default()
        };
        // Chance may take a tenth from each wait.
        while schedule.duration() * 9 / 10 < at_least && schedule.tries.get() < 1_000_000 {
            schedule.tries = schedule.tries.saturating_add(1);
        }
        schedule
    }

    /// How long it goes on, from the first try to the last, chance aside.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let (mut all, mut left) = (Duration::ZERO, self.tries.get() - 1);
        let mut wait = self.first_wait.min(self.longest_wait);
        while left > 0 && self.grows(wait) {
            all = all.saturating_add(wait);
            wait = self.grown(wait);
            left -= 1;
        }
        all.saturating_add(wait.saturating_mul(left))
    }

    /// How long to wait after so many tries have failed; `None` where that was the last.
    ///
    /// Each wait is up to a tenth shorter or longer: the same seed gives the same.
    #[must_use]
    pub fn wait(&self, failed: u32, seed: u64) -> Option<Duration> {
        if failed >= self.tries.get() {
            return None;
        }
        let mut wait = self.first_wait.min(self.longest_wait);
        for _ in 1..failed {
            if !self.grows(wait) {
                break;
            }
            wait = self.grown(wait);
        }
        // Of 1,000: 900 to 1,100.
        let thousandths = 900 + u32::try_from(mix(seed) % 201).unwrap_or(100);
        Some((wait / 1_000).saturating_mul(thousandths))
    }

    fn grown(&self, wait: Duration) -> Duration {
        wait.saturating_mul(self.factor.get())
            .min(self.longest_wait)
    }

    /// Whether the wait after this one is longer. So loops end early whatever the numbers.
    fn grows(&self, wait: Duration) -> bool {
        self.factor.get() > 1 && !wait.is_zero() && wait < self.longest_wait
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3_600;

    #[test]
    fn the_default_outlives_a_receiver_that_is_down_for_a_day_whatever_chance_says() {
        let schedule = RetrySchedule::default();
        assert!(schedule.duration() * 9 / 10 > Duration::from_secs(24 * HOUR));
        assert_eq!(schedule.duration().as_secs() / HOUR, 28);
    }

    #[test]
    fn waits_grow_threefold_up_to_four_hours_and_then_end() {
        let schedule = RetrySchedule::default();
        let waits: Vec<_> = (1..15)
            .map(|failed| schedule.wait(failed, 7).unwrap())
            .collect();
        for pair in waits.windows(2) {
            let ratio = pair[1].as_secs_f64() / pair[0].as_secs_f64();
            assert!((0.8..3.7).contains(&ratio), "{pair:?}");
        }
        assert!(waits[0].as_secs_f64() >= 4.5 && waits[0].as_secs_f64() <= 5.5);
        assert!(waits[13] >= Duration::from_secs(4 * HOUR * 9 / 10));
        assert_eq!(schedule.wait(15, 7), None);
        assert_eq!(schedule.wait(u32::MAX, 7), None);
    }

    #[test]
    fn the_duration_is_the_sum_of_the_waits() {
        for tries in [1, 2, 3, 9, 10, 15, 40] {
            let schedule = RetrySchedule {
                tries: NonZeroU32::new(tries).unwrap(),
                ..RetrySchedule::default()
            };
            let waits = (0..tries - 1).map(|n| 5 * 3_u64.pow(n.min(8)));
            let sum: u64 = waits.map(|wait| wait.min(4 * HOUR)).sum();
            assert_eq!(schedule.duration().as_secs(), sum, "{tries}");
        }
        let same = RetrySchedule {
            factor: NonZeroU32::MIN,
            ..RetrySchedule::default()
        };
        assert_eq!(same.duration().as_secs(), 14 * 5);
    }

    proptest! {
        #[test]
        fn no_wait_exceeds_the_longest_by_more_than_a_tenth_whatever_the_numbers(
            tries in 1_u32.., first: u64, factor in 1_u32.., longest: u64, failed: u32, seed: u64,
        ) {
            let schedule = RetrySchedule {
                tries: NonZeroU32::new(tries).unwrap(),
                first_wait: Duration::from_secs(first),
                factor: NonZeroU32::new(factor).unwrap(),
                longest_wait: Duration::from_secs(longest),
            };
            let wait = schedule.wait(failed, seed);
            prop_assert_eq!(wait.is_none(), failed >= tries);
            let longest = Duration::from_secs(longest);
            let most = longest.saturating_add(longest / 10);
            prop_assert!(wait.unwrap_or_default() <= most);
        }
    }
}
