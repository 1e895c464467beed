use std::collections::VecDeque;

use super::live_batch::Held;
use crate::ordinal::Ordinal;

/// The claims of one batch, by their runs.
///
/// Runs are claimed and settled about in order, so most come at the back and go at the front.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    /// Ascending by run.
    held: VecDeque<(Ordinal, Held)>,
}

impl Claims {
    pub(super) fn get(&self, run: Ordinal) -> Option<&Held> {
        let at = self.find(run).ok()?;
        self.held.get(at).map(|(_, held)| held)
    }

    pub(super) fn get_mut(&mut self, run: Ordinal) -> Option<&mut Held> {
        let at = self.find(run).ok()?;
        self.held.get_mut(at).map(|(_, held)| held)
    }

    /// Adds the claim of a run, in place of the one it has.
    pub(super) fn insert(&mut self, run: Ordinal, held: Held) {
        match self.find(run) {
            Ok(at) => self.held[at].1 = held,
            Err(at) => self.held.insert(at, (run, held)),
        }
    }

    pub(super) fn remove(&mut self, run: Ordinal) -> Option<Held> {
        let at = self.find(run).ok()?;
        self.held.remove(at).map(|(_, held)| held)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Ordinal, &Held)> {
        self.held.iter().map(|(run, held)| (*run, held))
    }

    /// Where the claim of a run is, or where it would be.
    fn find(&self, run: Ordinal) -> Result<usize, usize> {
        match (self.held.front(), self.held.back()) {
            (Some((first, _)), _) if *first == run => Ok(0),
            (_, Some((last, _))) if *last < run => Err(self.held.len()),
            _ => self.held.binary_search_by_key(&run, |(run, _)| *run),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::storage::ClaimToken;

    fn held(token: u64) -> Held {
        Held {
            token: ClaimToken::new(token),
            attempts: 0,
            interruptions: 0,
            secret_parts: 0,
            step_parts: 0,
            claimed_at: 0,
            expires: Duration::ZERO,
        }
    }

    proptest! {
        #[test]
        fn claims_are_found_under_their_runs_in_whatever_order_they_came(
            steps in prop::collection::vec((any::<bool>(), 0u32..12), 0..60),
        ) {
            let (mut claims, mut model) = (Claims::default(), BTreeMap::new());
            for (number, (adds, run)) in (0u64..).zip(steps) {
                let run = Ordinal::new(run);
                match adds {
                    true => {
                        claims.insert(run, held(number));
                        model.insert(run, number);
                    }
                    false => {
                        let removed = claims.remove(run).map(|held| held.token);
                        prop_assert_eq!(removed, model.remove(&run).map(ClaimToken::new));
                    }
                }
                let found = claims.get(run).map(|held| held.token);
                prop_assert_eq!(found, model.get(&run).copied().map(ClaimToken::new));
                let all: Vec<_> = claims.iter().map(|(run, held)| (run, held.token)).collect();
                let expected = model.iter().map(|(run, number)| (*run, ClaimToken::new(*number)));
                prop_assert_eq!(all, expected.collect::<Vec<_>>());
            }
        }
    }
}
