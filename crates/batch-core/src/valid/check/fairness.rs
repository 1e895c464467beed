//! For whom a batch is executed.

use std::num::NonZeroU32;

use super::{Finding, Problems, name};
use crate::id::{FairnessKey, MAX_NAME_BYTES};
use crate::request::Fairness;
use crate::valid::{ProblemCode, Share};

/// Gives back nothing only where nothing was said or a problem was added.
pub(super) fn check_fairness(
    problems: &mut Problems<'_>,
    given: Option<Fairness>,
) -> Option<Share> {
    let given = given?;
    let key = FairnessKey::new(&given.key).ok();
    if key.is_none() {
        name::check(
            problems,
            || "/fairness/key".into(),
            &given.key,
            MAX_NAME_BYTES,
        );
    }
    let weight = NonZeroU32::new(given.weight);
    let weight = weight.filter(|weight| weight.get() <= Fairness::MOST_WEIGHT);
    if weight.is_none() {
        let most = Fairness::MOST_WEIGHT;
        let message = format!("{}, must be 1 to {most}", given.weight);
        let broken = if given.weight == 0 { 1 } else { most as usize };
        let finding = Finding::new(ProblemCode::OutOfRange, message).limit(broken);
        problems.add("/fairness/weight", finding);
    }
    Some(Share {
        key: key?,
        weight: weight?,
        most_held: given.most_held,
    })
}

#[cfg(test)]
mod tests {
    use super::super::refusal::refusal;
    use super::*;
    use crate::request::{BatchRequest, Input};

    fn of(fairness: Fairness) -> BatchRequest {
        let one = BatchRequest::new("w").input(Input::text("t"));
        one.fairness(fairness)
    }

    #[test]
    fn weights_from_1_to_1000_pass_and_their_neighbours_do_not() {
        for weight in [1, 1_000] {
            assert_eq!(refusal(of(Fairness::of("k").weight(weight))), []);
        }
        for weight in [0, 1_001] {
            let problems = refusal(of(Fairness::of("k").weight(weight)));
            assert_eq!(problems[0].path, "/fairness/weight");
        }
    }

    #[test]
    fn an_empty_key_is_refused() {
        let problems = refusal(of(Fairness::of("")));
        assert_eq!(problems[0].path, "/fairness/key");
        assert_eq!(problems.len(), 1);
    }
}
