use std::time::Duration;

use batch_core::run::{Failure, InvalidOutput, Note, Output};
use serde::Serialize;

/// What an executor says at the end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The run is done and ends as processed.
    Done {
        /// What it gives back.
        output: Option<Output>,
    },
    /// The attempt failed; the retry policy decides whether there is another.
    Retry {
        /// How long to wait; `None` leaves that to the policy.
        after: Option<Duration>,
        /// Why.
        failure: Failure,
        /// Kept where this was the last attempt.
        output: Option<Output>,
    },
    /// It is too early: the run waits and is then executed again. No attempt is counted.
    Snooze {
        /// How long to wait.
        after: Duration,
    },
    /// The run failed for good, whatever the retry policy says.
    Fail {
        /// Why.
        failure: Failure,
        /// What it gives back all the same.
        output: Option<Output>,
    },
    /// The attempt is over, and a person has to say whether the run is right. See
    /// [`Engine::approve`](batch_core::engine::Engine::approve) and
    /// [`Engine::reject`](batch_core::engine::Engine::reject).
    NeedsReview {
        /// Why.
        note: Note,
        /// What it gives back so far; it stays with the run.
        output: Option<Output>,
    },
}

impl Outcome {
    /// The word for programs where an output cannot be written as JSON.
    pub const INVALID_OUTPUT: &'static str = "INVALID_OUTPUT";
    /// The word for programs where a run was put back until later more often than it may.
    pub const SNOOZED_TOO_OFTEN: &'static str = "SNOOZED_TOO_OFTEN";

    /// Done, with a value to give back.
    ///
    /// A value that is no JSON or is larger than
    /// [`Output::MAX_BYTES`](batch_core::run::Output::MAX_BYTES) fails the run
    /// for good, as [`INVALID_OUTPUT`](Self::INVALID_OUTPUT) or
    /// [`OUTPUT_TOO_LARGE`](Failure::OUTPUT_TOO_LARGE).
    #[must_use]
    pub fn done(value: impl Serialize) -> Self {
        match Output::new(&value) {
            Ok(output) => Self::Done {
                output: Some(output),
            },
            Err(error) => Self::Fail {
                failure: refusal(&error),
                output: None,
            },
        }
    }

    /// Done, with nothing to give back.
    #[must_use]
    pub const fn done_without_output() -> Self {
        Self::Done { output: None }
    }

    /// The attempt failed; another may do better. The policy says when.
    #[must_use]
    pub fn retry(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Retry {
            after: None,
            failure: Failure::new(reason, message),
            output: None,
        }
    }

    /// The attempt failed; another may do better, not before `after` has passed.
    #[must_use]
    pub fn retry_after(
        after: Duration,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::Retry {
            after: Some(after),
            failure: Failure::new(reason, message),
            output: None,
        }
    }

    /// It is too early: the same attempt is made once more, not before `after` has passed.
    ///
    /// For a run that has to wait for something outside: a document that is being scanned, a
    /// batch of somebody else's that is not ready. How often a run may, is bounded by
    /// [`DispatcherOptions::snoozes`](crate::dispatcher::DispatcherOptions::snoozes), and until
    /// when by the expiry of its batch. Steps that the run has recorded stay.
    #[must_use]
    pub const fn snooze(after: Duration) -> Self {
        Self::Snooze { after }
    }

    /// The run failed for good: a word for programs, a sentence for people.
    #[must_use]
    pub fn fail(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Fail {
            failure: Failure::new(reason, message),
            output: None,
        }
    }

    /// A person has to say whether the run is right, and this is why.
    ///
    /// The run waits for that person and takes no slot. Attach what there is for the person to
    /// look at with [`with_output`](Self::with_output): it is the run's output once it is
    /// approved.
    #[must_use]
    pub fn needs_review(note: impl Into<Note>) -> Self {
        Self::NeedsReview {
            note: note.into(),
            output: None,
        }
    }

    /// Attaches a value to give back, a failed run's included.
    ///
    /// A value that cannot be an output is left out and the failure's message or the note
    /// says so; a run that was done fails, as with [`done`](Self::done). One that is
    /// snoozed gives nothing back.
    #[must_use]
    pub fn with_output(self, value: impl Serialize) -> Self {
        let made = Output::new(&value);
        match (self, made) {
            (Self::Done { .. }, Ok(output)) => Self::Done {
                output: Some(output),
            },
            (Self::Done { .. }, Err(error)) => Self::Fail {
                failure: refusal(&error),
                output: None,
            },
            (Self::Retry { after, failure, .. }, made) => {
                let (failure, output) = attach(failure, made);
                Self::Retry {
                    after,
                    failure,
                    output,
                }
            }
            (snoozed @ Self::Snooze { .. }, _) => snoozed,
            (Self::Fail { failure, .. }, made) => {
                let (failure, output) = attach(failure, made);
                Self::Fail { failure, output }
            }
            (Self::NeedsReview { note, .. }, Ok(output)) => Self::NeedsReview {
                note,
                output: Some(output),
            },
            (Self::NeedsReview { note, .. }, Err(error)) => Self::NeedsReview {
                note: Note::new(format!("{note} ({error})")),
                output: None,
            },
        }
    }

    /// What it gives back.
    #[must_use]
    pub const fn output(&self) -> Option<&Output> {
        match self {
            Self::Done { output }
            | Self::Retry { output, .. }
            | Self::Fail { output, .. }
            | Self::NeedsReview { output, .. } => output.as_ref(),
            Self::Snooze { .. } => None,
        }
    }
}

/// The failure of a run whose output is refused.
fn refusal(error: &InvalidOutput) -> Failure {
    match error {
        InvalidOutput::TooLarge { .. } => {
            Failure::new(Failure::OUTPUT_TOO_LARGE, error.to_string())
        }
        InvalidOutput::NotJson(cause) => {
            Failure::new(Outcome::INVALID_OUTPUT, format!("{error}: {cause}"))
        }
        _ => Failure::new(Outcome::INVALID_OUTPUT, error.to_string()),
    }
}

/// A failure with its output, or with a word about the output that is missing.
fn attach(failure: Failure, made: Result<Output, InvalidOutput>) -> (Failure, Option<Output>) {
    match made {
        Ok(output) => (failure, Some(output)),
        Err(error) => {
            let message = format!("{} ({error})", failure.message());
            (Failure::new(failure.reason(), message), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn too_large() -> String {
        "x".repeat(Output::MAX_BYTES)
    }

    #[test]
    fn an_output_that_is_too_large_fails_the_run_for_good() {
        let Outcome::Fail { failure, output } = Outcome::done(too_large()) else {
            panic!("not a final failure");
        };
        assert_eq!(failure.reason(), Failure::OUTPUT_TOO_LARGE);
        assert!(failure.message().contains("1048576"), "{failure}");
        assert_eq!(output, None);
    }

    #[test]
    fn a_value_that_is_no_json_fails_the_run_for_good() {
        let odd = std::collections::BTreeMap::from([((1, 2), 3)]);
        let Outcome::Fail { failure, .. } = Outcome::done(odd) else {
            panic!("not a final failure");
        };
        assert_eq!(failure.reason(), Outcome::INVALID_OUTPUT);
    }

    #[test]
    fn a_failure_keeps_its_reason_when_its_output_is_refused() {
        let Outcome::Fail { failure, output } = Outcome::fail("BAD", "no").with_output(too_large())
        else {
            panic!("not a final failure");
        };
        assert_eq!(failure.reason(), "BAD");
        assert!(failure.message().starts_with("no (the output has"));
        assert_eq!(output, None);
    }

    #[test]
    fn a_run_in_need_of_review_stays_so_when_its_output_is_refused() {
        let outcome = Outcome::needs_review("look").with_output(too_large());
        let Outcome::NeedsReview { note, output } = outcome else {
            panic!("no review");
        };
        assert!(note.as_str().starts_with("look (the output has"), "{note}");
        assert_eq!(output, None);
    }

    #[test]
    fn an_output_can_ride_on_any_outcome() {
        for outcome in [
            Outcome::done_without_output(),
            Outcome::retry("R", "r"),
            Outcome::fail("F", "f"),
            Outcome::needs_review("look"),
        ] {
            let outcome = outcome.with_output(7);
            assert_eq!(outcome.output().map(Output::as_json), Some("7"));
        }
    }
}
