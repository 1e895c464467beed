use std::time::Duration;

use batch_core::run::Failure;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::HttpExecutor;
use crate::executor::Outcome;

/// What an answer of 2xx says.
#[derive(Deserialize)]
struct Said {
    outcome: Word,
    output: Option<Box<RawValue>>,
    reason: Option<String>,
    message: Option<String>,
    after_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Done,
    Retry,
    Snooze,
    Fail,
    NeedsReview,
}

/// The outcome that an answer amounts to.
pub(super) fn outcome(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Outcome {
    match status {
        204 => Outcome::done_without_output(),
        200..=299 => said(body),
        408 | 425 | 429 | 500..=599 => {
            let message = message(status, body);
            match retry_after {
                Some(wait) => Outcome::retry_after(wait, HttpExecutor::STATUS, message),
                None => Outcome::retry(HttpExecutor::STATUS, message),
            }
        }
        _ => Outcome::fail(HttpExecutor::STATUS, message(status, body)),
    }
}

fn said(body: &[u8]) -> Outcome {
    let said: Said = match serde_json::from_slice(body) {
        Ok(said) => said,
        Err(error) => {
            let message = format!("the answer is not what it should be: {error}");
            return Outcome::retry(HttpExecutor::ANSWER, message);
        }
    };
    let reason = said
        .reason
        .unwrap_or_else(|| HttpExecutor::FAILED.to_owned());
    let message = said.message.unwrap_or_default();
    let outcome = match (said.outcome, said.after_seconds) {
        (Word::Done, _) => Outcome::done_without_output(),
        (Word::Fail, _) => Outcome::fail(reason, message),
        (Word::NeedsReview, _) => Outcome::needs_review(message),
        (Word::Snooze, Some(seconds)) => Outcome::snooze(Duration::from_secs(seconds)),
        (Word::Snooze, None) => {
            let message = "the answer snoozes and does not say for how long: after_seconds";
            return Outcome::retry(HttpExecutor::ANSWER, message);
        }
        (Word::Retry, None) => Outcome::retry(reason, message),
        (Word::Retry, Some(seconds)) => {
            Outcome::retry_after(Duration::from_secs(seconds), reason, message)
        }
    };
    match said.output {
        Some(output) => outcome.with_output(output),
        None => outcome,
    }
}

/// The status, and the beginning of what was said; a failure's message is cut anyway.
fn message(status: u16, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(&body[..body.len().min(500)]);
    let body = body.trim();
    if body.is_empty() {
        return format!("the service answered {status}");
    }
    format!("the service answered {status}: {body}")
}

/// The outcome where the answer is larger than it may be. An output cannot be so large.
pub(super) fn too_large(most: usize) -> Outcome {
    Outcome::fail(
        Failure::OUTPUT_TOO_LARGE,
        format!("the answer has more than {most} bytes"),
    )
}

#[cfg(test)]
mod tests {
    use batch_core::run::Output;

    use super::*;

    fn of(status: u16, body: &str) -> Outcome {
        outcome(status, None, body.as_bytes())
    }

    fn described(outcome: &Outcome) -> String {
        let output = outcome.output().map_or("-", Output::as_json);
        match outcome {
            Outcome::Retry { after, failure, .. } => format!("retry {after:?} {failure} {output}"),
            Outcome::Fail { failure, .. } => format!("fail {failure} {output}"),
            Outcome::NeedsReview { note, .. } => format!("review {note} {output}"),
            Outcome::Snooze { after } => format!("snooze {after:?}"),
            _ => format!("done {output}"),
        }
    }

    #[test]
    fn an_answer_says_how_the_attempt_ended() {
        for (body, expected) in [
            (r#"{"outcome":"done"}"#, "done -"),
            (
                r#"{"outcome":"done","output":{"n":1.50}}"#,
                r#"done {"n":1.50}"#,
            ),
            (r#"{"outcome":"done","output":null}"#, "done -"),
            (
                r#"{"outcome":"fail","reason":"BAD","message":"no"}"#,
                "fail BAD: no -",
            ),
            (
                r#"{"outcome":"fail","output":[1]}"#,
                "fail HTTP_FAILED:  [1]",
            ),
            (
                r#"{"outcome":"retry","reason":"BUSY","message":"later"}"#,
                "retry None BUSY: later -",
            ),
            (
                r#"{"outcome":"needs_review","message":"look","output":1}"#,
                "review look 1",
            ),
            (
                r#"{"outcome":"retry","after_seconds":7,"unknown":1}"#,
                "retry Some(7s) HTTP_FAILED:  -",
            ),
            (r#"{"outcome":"snooze","after_seconds":7}"#, "snooze 7s"),
        ] {
            assert_eq!(described(&of(200, body)), expected, "{body}");
        }
        assert_eq!(described(&of(204, "")), "done -");
    }

    #[test]
    fn an_answer_that_is_not_understood_is_a_failed_attempt_and_not_the_end() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"outcome":"well"}"#,
            "[]",
            r#"{"outcome":"retry","after_seconds":-1}"#,
        ] {
            let Outcome::Retry { failure, .. } = of(200, body) else {
                panic!("{body}");
            };
            assert_eq!(failure.reason(), HttpExecutor::ANSWER);
        }
    }

    #[test]
    fn a_status_that_may_change_is_tried_again_and_others_are_final() {
        for status in [408, 425, 429, 500, 502, 503, 599] {
            assert!(matches!(of(status, ""), Outcome::Retry { .. }), "{status}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 410, 422] {
            assert!(matches!(of(status, ""), Outcome::Fail { .. }), "{status}");
        }
        let waits = outcome(503, Some(Duration::from_secs(9)), b"busy ");
        assert_eq!(
            described(&waits),
            "retry Some(9s) HTTP_STATUS: the service answered 503: busy -"
        );
    }
}
