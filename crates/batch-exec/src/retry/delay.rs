use std::time::Duration;

use batch_core::id::RunId;
use batch_core::run::Attempt;

use super::{Jitter, RetryPolicy};

/// How long a run waits after this attempt has failed.
///
/// The same policy, attempt and seed always give the same wait. Never more
/// than [`RetryPolicy::max_delay`], whatever the numbers.
#[must_use]
pub fn delay(policy: &RetryPolicy, attempt: Attempt, seed: u64) -> Duration {
    let whole = whole_delay(policy, attempt);
    match policy.jitter {
        Jitter::None => whole,
        Jitter::Full => fraction(whole, mix(seed)),
    }
}

/// A seed for [`delay`] that differs from run to run and from attempt to attempt.
#[must_use]
pub fn jitter_seed(run: RunId, attempt: Attempt) -> u64 {
    let (high, low) = run.batch().as_uuid().as_u64_pair();
    let place = u64::from(run.ordinal().get()) << 32 | u64::from(attempt.get());
    mix(mix(high) ^ low) ^ place
}

/// The wait without jitter: exponential, saturating, capped.
fn whole_delay(policy: &RetryPolicy, attempt: Attempt) -> Duration {
    let factor = policy.factor.get();
    let mut wait = policy.first_delay;
    for _ in 1..attempt.get() {
        // Neither goes on changing: so this ends early even for attempt 2^32.
        if factor == 1 || wait.is_zero() || wait >= policy.max_delay {
            break;
        }
        wait = wait.saturating_mul(factor);
    }
    wait.min(policy.max_delay)
}

/// As much of the whole as the upper half of `random` is of 2^32.
fn fraction(whole: Duration, random: u64) -> Duration {
    // A duration has fewer than 2^94 nanoseconds, so the product fits.
    let nanos = (whole.as_nanos() * u128::from(random >> 32)) >> 32;
    let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
    let rest = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
    Duration::new(seconds, rest)
}

/// The finaliser of SplitMix64: every bit of the result depends on every bit given.
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use batch_core::id::BatchId;
    use batch_core::ordinal::Ordinal;
    use proptest::prelude::*;

    use super::*;

    fn exact(first: u64, factor: u32, max: u64) -> RetryPolicy {
        RetryPolicy {
            first_delay: Duration::from_secs(first),
            factor: NonZeroU32::new(factor).unwrap(),
            max_delay: Duration::from_secs(max),
            jitter: Jitter::None,
            ..RetryPolicy::default()
        }
    }

    #[test]
    fn waits_double_until_the_longest() {
        let policy = exact(1, 2, 10);
        let waits: Vec<u64> = (0..6)
            .map(|ended| delay(&policy, Attempt::after(ended), 0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn jitter_spreads_the_runs_of_one_batch_over_the_whole_wait() {
        let policy = RetryPolicy::default();
        let batch = BatchId::generate();
        let mut tenths = [0_u32; 10];
        for n in 0..1_000 {
            let run = RunId::new(batch, Ordinal::new(n));
            let wait = delay(&policy, Attempt::FIRST, jitter_seed(run, Attempt::FIRST));
            tenths[usize::try_from(wait.as_millis()).unwrap() / 100] += 1;
        }
        assert!(tenths.iter().all(|n| (50..200).contains(n)), "{tenths:?}");
    }

    fn durations() -> impl Strategy<Value = Duration> {
        prop_oneof![
            Just(Duration::ZERO),
            Just(Duration::MAX),
            any::<u64>().prop_map(Duration::from_nanos),
            any::<u64>().prop_map(Duration::from_secs),
        ]
    }

    fn policies() -> impl Strategy<Value = RetryPolicy> {
        let factor = prop_oneof![Just(1), 2_u32..10, Just(u32::MAX)];
        (durations(), factor, durations()).prop_map(|(first_delay, factor, max_delay)| {
            RetryPolicy {
                first_delay,
                factor: NonZeroU32::new(factor).unwrap(),
                max_delay,
                ..RetryPolicy::default()
            }
        })
    }

    proptest! {
        #[test]
        fn no_wait_exceeds_the_longest_and_whole_waits_never_shrink(
            policy in policies(),
            ended in prop_oneof![0_u32..100, Just(u32::MAX)],
            seed: u64,
        ) {
            let attempt = Attempt::after(ended);
            let whole = whole_delay(&policy, attempt);
            let next = whole_delay(&policy, Attempt::after(ended.saturating_add(1)));
            prop_assert!(whole <= policy.max_delay);
            prop_assert!(whole <= next);
            prop_assert!(delay(&policy, attempt, seed) <= whole);
        }
    }
}
