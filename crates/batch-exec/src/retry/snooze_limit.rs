use super::AttemptEnd;
use crate::executor::Outcome;

/// An end as it counts for a run that was snoozed so often before: once it may not be again, a
/// snooze is a final failure.
pub(crate) fn bounded(end: AttemptEnd, before: u32, most: u32) -> AttemptEnd {
    match end {
        AttemptEnd::Said(Outcome::Snooze { .. }) if before >= most => {
            let message = format!("it was snoozed {before} times, at most {most}");
            AttemptEnd::Said(Outcome::fail(Outcome::SNOOZED_TOO_OFTEN, message))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn after(before: u32, most: u32) -> Outcome {
        let snooze = Outcome::snooze(Duration::from_secs(1));
        match bounded(AttemptEnd::Said(snooze), before, most) {
            AttemptEnd::Said(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_run_may_snooze_as_often_as_it_may_and_no_oftener() {
        assert!(matches!(after(1, 2), Outcome::Snooze { .. }));
        let Outcome::Fail { failure, .. } = after(2, 2) else {
            panic!("it may snooze for ever");
        };
        let said = failure.to_string();
        assert_eq!(said, "SNOOZED_TOO_OFTEN: it was snoozed 2 times, at most 2");
    }

    #[test]
    fn nothing_but_a_snooze_is_bounded() {
        let end = bounded(AttemptEnd::Said(Outcome::done_without_output()), 9, 0);
        assert!(matches!(end, AttemptEnd::Said(Outcome::Done { .. })));
    }
}
