use crate::storage::{Disposition, Settlement};

/// No commit settles more runs than this.
const SETTLEMENTS: usize = 1_024;
/// No commit settles more bytes of outputs than this, unless one output alone has more.
const OUTPUT_BYTES: usize = 1 << 20;

/// Cuts settlements into slices that are one commit each, so that no commit is long.
pub(super) fn settle_slices(settlements: Vec<Settlement>) -> Vec<Vec<Settlement>> {
    let all_bytes = settlements.iter().map(|s| output_bytes(&s.disposition));
    if settlements.len() <= SETTLEMENTS && all_bytes.sum::<usize>() <= OUTPUT_BYTES {
        return vec![settlements];
    }
    let mut slices = Vec::new();
    let mut open = Vec::new();
    let mut bytes = 0;
    for settlement in settlements {
        let more = output_bytes(&settlement.disposition);
        if open.len() >= SETTLEMENTS || (bytes + more > OUTPUT_BYTES && !open.is_empty()) {
            slices.push(std::mem::take(&mut open));
            bytes = 0;
        }
        bytes += more;
        open.push(settlement);
    }
    slices.push(open);
    slices
}

fn output_bytes(disposition: &Disposition) -> usize {
    disposition
        .output()
        .map_or(0, |output| output.as_json().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{BatchId, RunId};
    use crate::ordinal::Ordinal;
    use crate::run::{Attempt, Output};
    use crate::storage::{Claim, ClaimKey, ClaimToken};

    fn settlement(bytes: usize) -> Settlement {
        let key = ClaimKey {
            run: RunId::new(BatchId::generate(), Ordinal::new(0)),
            token: ClaimToken::new(1),
        };
        let output = Some(Output::new(&"x".repeat(bytes)).unwrap());
        let disposition = Disposition::Processed { output };
        Settlement::new(Claim::new(key, Attempt::FIRST), disposition)
    }

    fn lengths(settlements: Vec<Settlement>) -> Vec<usize> {
        settle_slices(settlements).iter().map(Vec::len).collect()
    }

    #[test]
    fn large_outputs_are_spread_over_commits() {
        let large = (0..5).map(|_| settlement(400_000)).collect();
        assert_eq!(lengths(large), [2, 2, 1]);
    }

    #[test]
    fn an_output_above_the_bound_has_a_commit_of_its_own() {
        let mixed = vec![settlement(1), settlement((1 << 20) - 2), settlement(1)];
        assert_eq!(lengths(mixed), [1, 1, 1]);
    }

    #[test]
    fn many_small_ones_are_cut_by_number() {
        let many = (0..1_025).map(|_| settlement(1)).collect();
        assert_eq!(lengths(many), [1_024, 1]);
    }

    #[test]
    fn no_settlements_are_one_empty_slice() {
        assert_eq!(lengths(Vec::new()), [0]);
    }
}
