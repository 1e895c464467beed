//! What the tests of the rules ask: which problems does this have?

use super::validate;
use crate::request::{BatchRequest, Input, Limits};
use crate::valid::{Problem, ProblemCode};

/// The problems of a request; none where it is valid.
pub(super) fn refusal(request: BatchRequest) -> Vec<Problem> {
    refusal_within(request, &Limits::default())
}

/// The same within other limits.
pub(super) fn refusal_within(request: BatchRequest, limits: &Limits) -> Vec<Problem> {
    match validate(request, limits) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.into_problems(),
    }
}

/// The problems of one input, which stand under ordinal 0.
pub(super) fn problems_of(input: Input) -> Vec<Problem> {
    let problems = refusal(BatchRequest::new("w").input(input));
    assert!(
        problems
            .iter()
            .all(|p| p.ordinal.is_some_and(|o| o.get() == 0))
    );
    problems
}

/// Paths and codes of the problems of one input.
pub(super) fn codes(input: Input) -> Vec<(String, ProblemCode)> {
    problems_of(input)
        .into_iter()
        .map(|p| (p.path, p.code))
        .collect()
}
