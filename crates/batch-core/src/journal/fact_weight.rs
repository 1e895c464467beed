use super::Fact;
use crate::run::Failure;

/// About how many bytes one run takes in a stored fact, its failure left out.
const BYTES_A_RUN: usize = 24;

impl Fact {
    /// About how many bytes it takes in a store, so that commits can be bounded.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Created
            | Self::Paused
            | Self::Resumed
            | Self::Finished { .. }
            | Self::BatchDeleted => BYTES_A_RUN,
            Self::Started(starts) => starts.len() * BYTES_A_RUN,
            Self::Ended(ends) => {
                let failures = ends.iter().filter_map(|end| end.failure.as_ref());
                ends.len() * BYTES_A_RUN + failures.map(bytes).sum::<usize>()
            }
            Self::Retrying(retries) => {
                let failures = retries.iter().map(|retry| &retry.failure);
                retries.len() * BYTES_A_RUN + failures.map(bytes).sum::<usize>()
            }
            Self::NeedsReview(runs) => {
                let notes = runs.iter().map(|run| run.note.as_str().len());
                runs.len() * BYTES_A_RUN + notes.sum::<usize>()
            }
            Self::Reviewed(runs) => {
                let notes = runs.iter().filter_map(|run| run.note.as_ref());
                let names = runs.iter().filter_map(|run| run.reviewer.as_ref());
                runs.len() * BYTES_A_RUN
                    + notes.map(|note| note.as_str().len()).sum::<usize>()
                    + names.map(|name| name.as_str().len()).sum::<usize>()
            }
            Self::Snoozed(snoozes) => snoozes.len() * BYTES_A_RUN,
            Self::Released(set)
            | Self::Interrupted(set)
            | Self::Cancelling(set)
            | Self::Swept(set)
            | Self::Expired(set)
            | Self::Updated(set)
            | Self::Deleted(set) => set.intervals().count() * BYTES_A_RUN,
        }
    }
}

fn bytes(failure: &Failure) -> usize {
    failure.reason().len() + failure.message().len()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::journal::{RunEnd, RunRetry, RunStart};
    use crate::ordinal::{Ordinal, OrdinalSet};
    use crate::run::{Attempt, RunState};

    #[test]
    fn the_messages_of_failures_weigh_and_a_swept_batch_does_not() {
        let end = RunEnd {
            ordinal: Ordinal::new(0),
            attempt: None,
            state: RunState::Failed,
            failure: Some(Failure::new("X", "m".repeat(1_000))),
        };
        let ended = Fact::Ended(vec![end.clone(), end]).weight();
        assert_eq!(ended, 2 * (BYTES_A_RUN + 1 + 1_000));
        assert!(Fact::Swept(OrdinalSet::up_to(1_000)).weight() < 100);
    }
    #[test]
    fn the_notes_of_reviews_weigh() {
        let asked = crate::journal::RunInReview {
            ordinal: Ordinal::new(0),
            attempt: Attempt::FIRST,
            note: "why".into(),
        };
        assert_eq!(Fact::NeedsReview(vec![asked]).weight(), BYTES_A_RUN + 3);
        let answered = crate::journal::RunReviewed {
            ordinal: Ordinal::new(0),
            attempt: Attempt::FIRST,
            verdict: crate::run::Verdict::Rejected,
            note: Some("not ours".into()),
            reviewer: Some("anna".into()),
        };
        let weight = Fact::Reviewed(vec![answered]).weight();
        assert_eq!(weight, BYTES_A_RUN + 8 + 4);
    }

    #[test]
    fn each_failed_attempt_weighs_itself_and_what_it_says() {
        let retry = |message: usize| RunRetry {
            ordinal: Ordinal::new(0),
            attempt: Attempt::FIRST,
            failure: Failure::new("WHY", "m".repeat(message)),
            due_at: Timestamp::UNIX_EPOCH,
        };
        let weight = Fact::Retrying(vec![retry(100), retry(10)]).weight();
        assert_eq!(weight, 2 * BYTES_A_RUN + 3 + 100 + 3 + 10);
    }

    #[test]
    fn runs_that_start_weigh_one_by_one() {
        let start = RunStart {
            ordinal: Ordinal::new(0),
            attempt: Attempt::FIRST,
        };
        let weight = Fact::Started(vec![start; 3]).weight();
        assert_eq!(weight, 3 * BYTES_A_RUN);
    }

    #[test]
    fn a_set_weighs_as_many_intervals_as_it_has() {
        let mut set = OrdinalSet::up_to(2);
        set.insert(Ordinal::new(7));
        assert_eq!(Fact::Released(set).weight(), 2 * BYTES_A_RUN);
    }
}
