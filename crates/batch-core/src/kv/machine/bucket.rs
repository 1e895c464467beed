use std::time::Duration;

use crate::catalogue::Rate;
use crate::kv::record::{millis, timestamp};
use crate::time::Moment;

/// What is left of a rate: the tokens of a bucket that fills evenly and never overflows.
///
/// It is one moment, the one at which the bucket will be full again, so that filling it is no
/// work. In memory that is an uptime, which nobody sets; on disk it is wall time, which is
/// believed no further than a bucket's worth: a clock that was set back while the store was
/// closed finds an empty bucket, and one that was set forward a full one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bucket {
    full_at: Duration,
}

impl Bucket {
    /// How many runs may be claimed at this uptime.
    pub(super) fn tokens(self, rate: Rate, uptime: Duration) -> u32 {
        let there = full(rate).saturating_sub(self.missing(uptime));
        let tokens = there.as_nanos() / interval(rate).as_nanos();
        let most = rate.runs().get();
        u32::try_from(tokens).map_or(most, |tokens| tokens.min(most))
    }

    /// How long until there is a token; nothing where there is one.
    pub(super) fn token_in(self, rate: Rate, uptime: Duration) -> Duration {
        let room_for_one = full(rate).saturating_sub(interval(rate));
        self.missing(uptime).saturating_sub(room_for_one)
    }

    /// What is left once so many runs are claimed.
    pub(super) fn take(self, rate: Rate, runs: u32, uptime: Duration) -> Self {
        let taken = interval(rate).saturating_mul(runs);
        let filled = self.full_at.max(uptime);
        Self {
            full_at: filled.saturating_add(taken),
        }
    }

    /// The same number of tokens missing under another rate, but never more than all of them.
    pub(super) fn under(self, before: Option<Rate>, rate: Rate, uptime: Duration) -> Self {
        let missing = self.missing(uptime);
        let (old, new) = (before.map_or(interval(rate), interval), interval(rate));
        let scaled = missing.as_nanos().saturating_mul(new.as_nanos());
        let missing = from_nanos(scaled.div_ceil(old.as_nanos()));
        Self {
            full_at: uptime.saturating_add(missing.min(full(rate))),
        }
    }

    /// As it is kept on disk: the wall time at which it will be full.
    pub(super) fn to_wall(self, now: Moment) -> i64 {
        let missing = self.missing(now.uptime).as_nanos().div_ceil(1_000_000);
        millis(now.wall).saturating_add(i64::try_from(missing).unwrap_or(i64::MAX))
    }

    /// As it was kept on disk.
    pub(super) fn from_wall(full_at: i64, rate: Rate, now: Moment) -> Self {
        let missing = timestamp(full_at).duration_since(now.wall);
        let missing = Duration::try_from(missing).unwrap_or_default();
        Self {
            full_at: now.uptime.saturating_add(missing.min(full(rate))),
        }
    }

    /// The time in which what is missing will have flowed in.
    fn missing(self, uptime: Duration) -> Duration {
        self.full_at.saturating_sub(uptime)
    }
}

/// The time in which one token comes, rounded up.
fn interval(rate: Rate) -> Duration {
    let nanos = rate.per().as_nanos().div_ceil(rate.runs().get().into());
    from_nanos(nanos.max(1))
}

/// The time in which an empty bucket fills.
fn full(rate: Rate) -> Duration {
    interval(rate).saturating_mul(rate.runs().get())
}

fn from_nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const START: Duration = Duration::from_secs(100);

    fn rate(runs: u32, per: Duration) -> Rate {
        Rate::new(NonZeroU32::new(runs).unwrap(), per)
    }

    fn moment(wall: i64, uptime: Duration) -> Moment {
        let wall = Timestamp::from_second(wall).unwrap();
        Moment { wall, uptime }
    }

    #[test]
    fn a_full_bucket_gives_all_at_once_and_then_one_as_each_comes() {
        let rate = rate(4, SECOND * 4);
        assert_eq!(Bucket::default().tokens(rate, START), 4);
        let empty = Bucket::default().take(rate, 4, START);
        assert_eq!(empty.tokens(rate, START), 0);
        assert_eq!(empty.token_in(rate, START), SECOND);
        assert_eq!(empty.tokens(rate, START + SECOND), 1);
        let again = empty.take(rate, 1, START + SECOND);
        assert_eq!(again.tokens(rate, START + SECOND), 0);
        assert_eq!(again.tokens(rate, START + SECOND * 100), 4);
    }

    #[test]
    fn another_rate_finds_as_many_tokens_missing_as_were_taken() {
        let (slow, fast) = (rate(10, SECOND * 10_000), rate(10, SECOND));
        let left = Bucket::default().take(slow, 4, START);
        let fast_now = left.under(Some(slow), fast, START);
        assert_eq!(fast_now.tokens(fast, START), 6);
        let slow_again = fast_now.under(Some(fast), slow, START);
        assert_eq!(slow_again.tokens(slow, START), 6);
    }

    #[test]
    fn a_rate_that_is_raised_is_not_held_up_by_what_was_slow() {
        let (daily, quick) = (rate(1, SECOND * 86_400), rate(100, SECOND));
        let left = Bucket::default().take(daily, 1, START);
        let quick_now = left.under(Some(daily), quick, START);
        assert_eq!(quick_now.tokens(quick, START), 99);
    }

    #[test]
    fn a_smaller_bucket_is_no_emptier_than_empty() {
        let (large, small) = (rate(100, SECOND), rate(2, SECOND));
        let left = Bucket::default().take(large, 90, START);
        let small_now = left.under(Some(large), small, START);
        assert_eq!(small_now.tokens(small, START), 0);
        assert_eq!(small_now.tokens(small, START + SECOND), 2);
    }

    #[test]
    fn setting_a_rate_anew_neither_gives_nor_takes() {
        let rate = rate(3, SECOND);
        let mut bucket = Bucket::default().take(rate, 2, START);
        let before = bucket;
        for _ in 0..1_000 {
            bucket = bucket.under(Some(rate), rate, START);
        }
        assert_eq!(bucket, before);
    }

    #[test]
    fn what_was_kept_is_read_by_another_process_with_another_uptime() {
        let rate = rate(10, SECOND * 10);
        let kept = Bucket::default().take(rate, 6, START);
        let kept = kept.to_wall(moment(1_000, START));
        let read = Bucket::from_wall(kept, rate, moment(1_002, SECOND));
        assert_eq!(read.tokens(rate, SECOND), 6);
    }

    #[test]
    fn a_clock_set_back_finds_an_empty_bucket_and_one_set_forward_a_full_one() {
        let rate = rate(10, SECOND * 10);
        let kept = Bucket::default().take(rate, 1, START);
        let kept = kept.to_wall(moment(10_000, START));
        let back = Bucket::from_wall(kept, rate, moment(6_400, SECOND));
        assert_eq!(back.tokens(rate, SECOND), 0);
        assert_eq!(back.tokens(rate, SECOND * 11), 10);
        let forward = Bucket::from_wall(kept, rate, moment(13_600, SECOND));
        assert_eq!(forward.tokens(rate, SECOND), 10);
    }

    #[test]
    fn the_slowest_and_the_fastest_rates_there_are_do_not_overflow() {
        for (runs, per) in [
            (u32::MAX, Duration::MAX),
            (1, Duration::MAX),
            (u32::MAX, SECOND),
        ] {
            let rate = rate(runs, per);
            let mut bucket = Bucket::default();
            for _ in 0..3 {
                bucket = bucket.take(rate, u32::MAX, Duration::MAX / 2);
            }
            bucket.tokens(rate, START);
            bucket.token_in(rate, START);
            bucket.under(Some(rate), rate, START);
            bucket.to_wall(moment(0, START));
        }
    }

    proptest! {
        #[test]
        fn no_more_is_let_through_than_the_bucket_and_what_flows_in(
            runs in 1u32..50,
            millis in 1u64..5_000,
            steps in prop::collection::vec((0u64..500, 0u32..20), 1..60),
        ) {
            let rate = rate(runs, Duration::from_millis(millis));
            let mut bucket = Bucket::default();
            let (mut now, mut through) = (Duration::ZERO, 0u128);
            for (wait, wanted) in steps {
                now += Duration::from_millis(wait);
                let tokens = bucket.tokens(rate, now);
                prop_assert_eq!(tokens == 0, !bucket.token_in(rate, now).is_zero());
                let due = now + bucket.token_in(rate, now);
                prop_assert!(bucket.tokens(rate, due) > 0);
                let taken = tokens.min(wanted);
                bucket = bucket.take(rate, taken, now);
                through += u128::from(taken);
                let flown = now.as_nanos() * u128::from(runs) / rate.per().as_nanos();
                let most = u128::from(runs) + flown + 1;
                prop_assert!(through <= most, "{through} of {most}");
            }
        }
    }
}
