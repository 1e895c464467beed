use batch_core::id::RunId;
use batch_core::run::Attempt;
use batch_core::storage::Disposition;

use super::{AttemptEnd, RetryPolicy, delay, jitter_seed};
use crate::executor::Outcome;

/// What to record of an attempt that ended.
///
/// A failed attempt that is not the last is followed by another; the output of
/// a failure is kept with the last one.
#[must_use]
pub fn decide(policy: &RetryPolicy, run: RunId, attempt: Attempt, end: AttemptEnd) -> Disposition {
    match end.into_outcome() {
        Outcome::Done { output } => Disposition::Processed { output },
        Outcome::Fail { failure, output } => Disposition::Failed { failure, output },
        Outcome::NeedsReview { note, output } => Disposition::NeedsReview { note, output },
        Outcome::Snooze { after } => Disposition::Snoozed { after },
        Outcome::Retry {
            failure, output, ..
        } if attempt.get() >= policy.attempts.get() => Disposition::Failed { failure, output },
        Outcome::Retry { after, failure, .. } => {
            let by_policy = || delay(policy, attempt, jitter_seed(run, attempt));
            Disposition::Retry {
                after: after.unwrap_or_else(by_policy),
                failure,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use batch_core::id::BatchId;
    use batch_core::ordinal::Ordinal;
    use batch_core::run::Failure;

    use super::*;
    use crate::retry::Jitter;

    fn policy(attempts: u32) -> RetryPolicy {
        RetryPolicy {
            jitter: Jitter::None,
            ..RetryPolicy::of_attempts(attempts)
        }
    }

    fn decided(attempts: u32, ended: u32, end: AttemptEnd) -> Disposition {
        let run = RunId::new(BatchId::generate(), Ordinal::new(0));
        decide(&policy(attempts), run, Attempt::after(ended), end)
    }

    fn timed_out() -> AttemptEnd {
        let limit = Duration::from_secs(2);
        let output = None;
        AttemptEnd::TimedOut { limit, output }
    }

    #[test]
    fn errors_panics_and_timeouts_are_tried_again_until_the_last_attempt() {
        let ends: [fn() -> AttemptEnd; 4] = [
            || AttemptEnd::Erred("no".into()),
            || AttemptEnd::Panicked("no".into()),
            timed_out,
            || AttemptEnd::Said(Outcome::retry("BUSY", "no")),
        ];
        for end in ends {
            let first = decided(2, 0, end());
            assert!(matches!(first, Disposition::Retry { after, .. } if after.as_secs() == 1));
            assert!(matches!(decided(2, 1, end()), Disposition::Failed { .. }));
        }
    }

    #[test]
    fn a_final_failure_has_no_second_attempt() {
        let said = AttemptEnd::Said(Outcome::fail("BAD", "no"));
        assert!(matches!(decided(9, 0, said), Disposition::Failed { .. }));
    }

    #[test]
    fn a_run_that_needs_review_is_not_tried_again_whatever_the_policy_says() {
        let said = AttemptEnd::Said(Outcome::needs_review("look").with_output(7));
        let Disposition::NeedsReview { note, output } = decided(9, 0, said) else {
            panic!("no review");
        };
        assert_eq!(note.as_str(), "look");
        assert_eq!(output.unwrap().as_json(), "7");
    }

    #[test]
    fn an_executor_that_names_the_wait_gets_it() {
        let after = Duration::from_secs(77);
        let said = AttemptEnd::Said(Outcome::retry_after(after, "BUSY", "later"));
        let failure = Failure::new("BUSY", "later");
        assert_eq!(decided(2, 0, said), Disposition::Retry { after, failure });
    }

    #[test]
    fn a_snooze_is_no_failure_whatever_the_attempt() {
        let after = Duration::from_secs(5);
        for ended in [0, 1, 7] {
            let said = AttemptEnd::Said(Outcome::snooze(after));
            assert_eq!(decided(2, ended, said), Disposition::Snoozed { after });
        }
    }

    #[test]
    fn the_last_failure_keeps_its_output() {
        let said = AttemptEnd::Said(Outcome::retry("EXIT_STATUS", "1").with_output(7));
        let Disposition::Failed { output, .. } = decided(1, 0, said) else {
            panic!("not failed");
        };
        assert_eq!(output.unwrap().as_json(), "7");
    }

    #[test]
    fn a_timeout_says_how_long_the_attempt_may_take() {
        let Disposition::Failed { failure, .. } = decided(1, 0, timed_out()) else {
            panic!("not failed");
        };
        let said = failure.to_string();
        assert_eq!(said, "TIMED_OUT: the attempt took longer than 2s");
    }
}
