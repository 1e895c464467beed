//! When runs may begin, and until when.

use std::time::Duration;

use jiff::Timestamp;

use super::{Finding, Problems};
use crate::request::Timing;
use crate::valid::ProblemCode;

/// Gives it to the millisecond, as stores keep it.
pub(super) fn check_timing(problems: &mut Problems<'_>, given: Timing) -> Timing {
    if given.spread > Timing::MOST_SPREAD {
        let (actual, most) = (given.spread.as_secs(), Timing::MOST_SPREAD.as_secs());
        let message = format!("{actual} s, at most {most}");
        let mut finding = Finding::new(ProblemCode::OutOfRange, message);
        finding.limit = Some(most);
        problems.add("/spread", finding);
    }
    let timing = Timing {
        not_before: given.not_before.map(to_millis),
        spread: Duration::new(
            given.spread.as_secs(),
            given.spread.subsec_millis() * 1_000_000,
        ),
        expires_at: given.expires_at.map(to_millis),
    };
    if let (Some(first), Some(last)) = (timing.not_before, timing.expires_at)
        && last <= first
    {
        let message = "it is not after notBefore, so that no run could ever begin";
        problems.add("/expiresAt", Finding::new(ProblemCode::Conflict, message));
    }
    timing
}

fn to_millis(at: Timestamp) -> Timestamp {
    // Cutting off a part of a second leaves the range of times only where it began outside.
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::super::refusal::refusal;
    use super::*;
    use crate::request::{BatchRequest, Input, Limits};
    use crate::valid::validate;

    fn one() -> BatchRequest {
        BatchRequest::new("w").input(Input::text("t"))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_spread_of_a_leap_year_passes_and_a_second_more_is_refused() {
        assert_eq!(refusal(one().spread(Timing::MOST_SPREAD)), []);
        let more = Timing::MOST_SPREAD + Duration::from_secs(1);
        let problems = refusal(one().spread(more));
        assert_eq!(problems[0].path, "/spread");
        assert_eq!(problems[0].message, "31622401 s, at most 31622400");
    }

    #[test]
    fn a_batch_that_expires_before_it_may_begin_is_refused() {
        let begins = one().not_before(at(10));
        assert_eq!(refusal(begins.clone().expires_at(at(11))), []);
        let problems = refusal(begins.expires_at(at(10)));
        assert_eq!(problems[0].path, "/expiresAt");
        assert_eq!(problems[0].code, ProblemCode::Conflict);
    }

    #[test]
    fn times_are_kept_to_the_millisecond() {
        let request = one()
            .not_before(Timestamp::new(1, 999_999).unwrap())
            .spread(Duration::from_nanos(1_999_999));
        let timing = validate(request, &Limits::default()).unwrap().timing();
        assert_eq!(timing.not_before, Some(at(1)));
        assert_eq!(timing.spread, Duration::from_millis(1));
    }
}
