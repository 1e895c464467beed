use std::collections::BTreeSet;

use super::AttemptEnd;
use crate::executor::Outcome;

/// The reasons of failures that no other attempt follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FinalFailures(pub(crate) BTreeSet<String>);

impl FinalFailures {
    /// An end as it counts: a failed attempt with one of these reasons fails its run for good.
    pub(crate) fn judge(&self, end: AttemptEnd) -> AttemptEnd {
        if self.0.is_empty() {
            return end;
        }
        AttemptEnd::Said(match end.into_outcome() {
            Outcome::Retry {
                failure, output, ..
            } if self.0.contains(failure.reason()) => Outcome::Fail { failure, output },
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn judged(end: AttemptEnd) -> Outcome {
        let reasons = ["TIMED_OUT", "NO_SUCH_CUSTOMER"].map(str::to_owned);
        let AttemptEnd::Said(outcome) = FinalFailures(reasons.into()).judge(end) else {
            panic!("not an outcome");
        };
        outcome
    }

    #[test]
    fn only_the_named_failures_are_final() {
        let limit = Duration::from_secs(1);
        let timed_out = AttemptEnd::TimedOut {
            limit,
            output: None,
        };
        assert!(matches!(judged(timed_out), Outcome::Fail { .. }));
        let unknown = AttemptEnd::Said(Outcome::retry("NO_SUCH_CUSTOMER", "7"));
        assert!(matches!(judged(unknown), Outcome::Fail { .. }));
        let panicked = AttemptEnd::Panicked("no".into());
        assert!(matches!(judged(panicked), Outcome::Retry { .. }));
    }

    #[test]
    fn what_is_no_failure_stays_what_it_is() {
        let done = AttemptEnd::Said(Outcome::done(7));
        assert_eq!(judged(done), Outcome::done(7));
        let after = Duration::from_secs(1);
        let snoozed = AttemptEnd::Said(Outcome::snooze(after));
        assert_eq!(judged(snoozed), Outcome::snooze(after));
    }
}
