//! What is about the batch as a whole.

use super::input_check::Tally;
use super::{Finding, Problems, name};
use crate::id::{IdempotencyKey, MAX_NAME_BYTES, WorkflowId};
use crate::request::Priority;
use crate::valid::ProblemCode;

/// Gives back nothing only where a problem was added.
pub(super) fn check_workflow(problems: &mut Problems<'_>, text: &str) -> Option<WorkflowId> {
    let id = WorkflowId::new(text).ok();
    if id.is_none() {
        name::check(problems, || "/workflow".into(), text, MAX_NAME_BYTES);
    }
    id
}

/// Gives back nothing only where there is no key or a problem was added.
pub(super) fn check_key(problems: &mut Problems<'_>, text: Option<&str>) -> Option<IdempotencyKey> {
    let text = text?;
    let key = IdempotencyKey::new(text).ok();
    if key.is_none() {
        name::check(problems, || "/idempotencyKey".into(), text, MAX_NAME_BYTES);
    }
    key
}

/// Gives back nothing only where a problem was added.
pub(super) fn check_priority(problems: &mut Problems<'_>, number: i64) -> Option<Priority> {
    let priority = Priority::new(number).ok();
    if priority.is_none() {
        let (first, last) = (Priority::FIRST.get(), Priority::LAST.get());
        let broken = if number < i64::from(first) {
            first
        } else {
            last
        };
        let message = format!("{number}, must be {first} (first) to {last} (last)");
        let finding = Finding::new(ProblemCode::OutOfRange, message).limit(broken.into());
        problems.add("/priority", finding);
    }
    priority
}

/// Checks how many inputs there are and how large they are together.
pub(super) fn check_inputs(problems: &mut Problems<'_>, given: usize, tally: Tally) {
    let limits = problems.limits();
    let most = usize::try_from(limits.inputs).unwrap_or(usize::MAX);
    if given == 0 {
        let finding = Finding::new(ProblemCode::Empty, "no input, at least one").limit(1);
        problems.add("/inputs", finding);
    }
    if given > most {
        let mut finding = Finding::too_many(given, "inputs", most);
        if tally.checked < given {
            finding.message +=
                &format!("; checked up to input {}", tally.checked.saturating_sub(1));
        }
        problems.add("/inputs", finding);
    }
    if tally.bytes > limits.batch_bytes {
        let finding = Finding::too_large(tally.bytes, limits.batch_bytes);
        problems.add("/inputs", finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::{refusal, refusal_within};
    use super::*;
    use crate::request::{BatchRequest, Input, Limits};
    use crate::valid::Problem;

    fn one() -> BatchRequest {
        BatchRequest::new("w").input(Input::text("t"))
    }

    fn of(count: usize) -> BatchRequest {
        BatchRequest::new("w").inputs((0..count).map(|_| Input::text("t")))
    }

    fn seen(problems: &[Problem]) -> Vec<(&str, ProblemCode)> {
        assert!(problems.iter().all(|p| p.ordinal.is_none()), "{problems:?}");
        problems.iter().map(|p| (p.path.as_str(), p.code)).collect()
    }

    #[test]
    fn a_batch_without_inputs_is_refused() {
        let problems = refusal(BatchRequest::new("w"));
        assert_eq!(seen(&problems), [("/inputs", ProblemCode::Empty)]);
        assert_eq!(
            problems[0].to_string(),
            "batch at /inputs: no input, at least one"
        );
    }

    #[test]
    fn a_batch_of_1000_inputs_passes() {
        for count in [1, 999, 1_000] {
            assert_eq!(refusal(of(count)), []);
        }
    }

    #[test]
    fn a_batch_of_1001_inputs_is_refused() {
        let problems = refusal(of(1_001));
        assert_eq!(seen(&problems), [("/inputs", ProblemCode::TooMany)]);
        assert_eq!(problems[0].message, "1001 inputs, at most 1000");
        assert_eq!(problems[0].limit, Some(1_000));
    }

    #[test]
    fn the_inputs_of_a_batch_of_too_many_are_checked_all_the_same() {
        let request = of(1_000).input(Input::default());
        let problems = refusal(request);
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[1].ordinal.unwrap().get(), 1_000);
    }

    #[test]
    fn a_million_faulty_inputs_do_not_make_a_million_problems() {
        let request = BatchRequest::new("w").inputs(vec![Input::default(); 1_000_000]);
        let problems = refusal(request);
        assert_eq!(problems.len(), 1_001);
        let message = "1000000 inputs, at most 1000; checked up to input 999";
        assert_eq!(problems[0].message, message);
    }

    #[test]
    fn an_input_is_checked_though_none_is_allowed() {
        let limits = Limits {
            inputs: 0,
            ..Limits::default()
        };
        let problems = refusal_within(BatchRequest::new("w").input(Input::default()), &limits);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn faulty_inputs_far_behind_in_a_batch_of_too_many_are_reported() {
        let problems = refusal(of(5_000).input(Input::default()));
        assert_eq!(problems[0].message, "5001 inputs, at most 1000");
        assert_eq!(problems[1].ordinal.unwrap().get(), 5_000);
    }

    #[test]
    fn the_bytes_of_all_inputs_are_limited_together() {
        let mut limits = Limits::default();
        let input = || {
            Input::text("12345")
                .with_file_name("f")
                .with_name("n")
                .with_metadata_json("{ \"a\" : 1 }")
                .with_secret("k", "v")
        };
        let whole = 2 * (5 + 1 + 1 + "{\"a\":1}".len() + 2);
        let request = || BatchRequest::new("w").inputs([input(), input()]);
        for (limit, refused) in [(whole + 1, false), (whole, false), (whole - 1, true)] {
            limits.batch_bytes = limit;
            let problems = refusal_within(request(), &limits);
            assert_eq!(!problems.is_empty(), refused, "{limit}: {problems:?}");
        }
        limits.batch_bytes = 31;
        let problems = refusal_within(request(), &limits);
        assert_eq!(
            problems[0].to_string(),
            "batch at /inputs: 32 bytes, at most 31"
        );
    }

    #[test]
    fn priorities_are_1_to_100() {
        for (number, limit) in [(0, 1), (101, 100), (i64::MIN, 1), (i64::MAX, 100)] {
            let problems = refusal(one().priority(number));
            assert_eq!(seen(&problems), [("/priority", ProblemCode::OutOfRange)]);
            assert_eq!(problems[0].limit, Some(limit));
        }
        for number in [1, 2, 99, 100] {
            assert_eq!(refusal(one().priority(number)), []);
        }
    }

    #[test]
    fn a_workflow_id_has_1_to_255_bytes_and_no_control_character() {
        for (id, code) in [
            (String::new(), ProblemCode::Empty),
            ("w".repeat(256), ProblemCode::TooLarge),
            ("a\0".into(), ProblemCode::InvalidCharacter),
        ] {
            let mut request = one();
            request.workflow = id;
            assert_eq!(seen(&refusal(request)), [("/workflow", code)]);
        }
        let mut request = one();
        request.workflow = "w".repeat(255);
        assert_eq!(refusal(request), []);
    }

    #[test]
    fn an_idempotency_key_has_1_to_255_bytes_and_no_control_character() {
        for (key, code) in [
            (String::new(), ProblemCode::Empty),
            ("k".repeat(256), ProblemCode::TooLarge),
            ("a\u{1b}".into(), ProblemCode::InvalidCharacter),
        ] {
            let problems = refusal(one().idempotency_key(key));
            assert_eq!(seen(&problems), [("/idempotencyKey", code)]);
        }
        assert_eq!(refusal(one().idempotency_key("k".repeat(255))), []);
    }

    #[test]
    fn all_problems_of_a_batch_are_reported_at_once() {
        let request = BatchRequest::new("").priority(0).idempotency_key("");
        let problems = refusal(request);
        let paths: Vec<_> = problems.iter().map(|p| p.path.as_str()).collect();
        assert_eq!(
            paths,
            ["/workflow", "/priority", "/idempotencyKey", "/inputs"]
        );
    }
}
