use std::fmt;

use serde::{Deserialize, Serialize};

use super::Ordinal;

/// A set of ordinals, kept as sorted intervals.
///
/// A batch that nobody has touched is one interval, whatever its size; the cost
/// of everything here grows with the number of intervals, not of members.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrdinalSet {
    /// Half-open intervals, ascending, never empty, never touching one another.
    intervals: Vec<(u32, u32)>,
}

impl OrdinalSet {
    /// The set without members.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            intervals: Vec::new(),
        }
    }

    /// The ordinals `0..end`.
    #[must_use]
    pub fn up_to(end: u32) -> Self {
        let intervals = if end == 0 { vec![] } else { vec![(0, end)] };
        Self { intervals }
    }

    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.intervals.iter().map(|(start, end)| end - start).sum()
    }

    /// How many of its members are below `end`.
    #[must_use]
    pub fn len_below(&self, end: Ordinal) -> u32 {
        let n = end.get();
        let below = self.intervals.iter().take_while(|(start, _)| *start < n);
        below.map(|(start, end)| (*end).min(n) - start).sum()
    }

    /// Whether it has no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Whether `ordinal` is a member.
    #[must_use]
    pub fn contains(&self, ordinal: Ordinal) -> bool {
        let at = self.first_ending_after(ordinal.get());
        self.intervals
            .get(at)
            .is_some_and(|(start, _)| *start <= ordinal.get())
    }

    /// The smallest member.
    #[must_use]
    pub fn first(&self) -> Option<Ordinal> {
        self.intervals
            .first()
            .map(|(start, _)| Ordinal::new(*start))
    }

    /// Adds a member; tells whether it is new.
    pub fn insert(&mut self, ordinal: Ordinal) -> bool {
        let n = ordinal.get();
        if let Some(last) = self.intervals.last_mut().filter(|last| last.1 == n) {
            last.1 = n + 1;
            return true;
        }
        let at = self.first_ending_after(n);
        if self.intervals.get(at).is_some_and(|(start, _)| *start <= n) {
            return false;
        }
        let joins_left = at > 0 && self.intervals[at - 1].1 == n;
        let joins_right = self.intervals.get(at).is_some_and(|(s, _)| *s == n + 1);
        match (joins_left, joins_right) {
            (true, true) => {
                self.intervals[at - 1].1 = self.intervals[at].1;
                self.intervals.remove(at);
            }
            (true, false) => self.intervals[at - 1].1 = n + 1,
            (false, true) => self.intervals[at].0 = n,
            (false, false) => self.intervals.insert(at, (n, n + 1)),
        }
        true
    }

    /// Takes a member out; tells whether it was one.
    pub fn remove(&mut self, ordinal: Ordinal) -> bool {
        let n = ordinal.get();
        let at = self.first_ending_after(n);
        let Some((start, end)) = self.intervals.get(at).copied() else {
            return false;
        };
        if start > n {
            return false;
        }
        match (start == n, end == n + 1) {
            (true, true) => {
                self.intervals.remove(at);
            }
            (true, false) => self.intervals[at].0 = n + 1,
            (false, true) => self.intervals[at].1 = n,
            (false, false) => {
                self.intervals[at].1 = n;
                self.intervals.insert(at + 1, (n + 1, end));
            }
        }
        true
    }

    /// Takes out the smallest `most` members, in order.
    pub fn take_first(&mut self, most: u32) -> Self {
        let mut taken = Self::new();
        self.move_first(most, &mut taken);
        taken
    }

    /// Moves the smallest `most` members to a set that has none above them; tells how many.
    pub(crate) fn move_first(&mut self, most: u32, to: &mut Self) -> u32 {
        let mut left = most;
        let mut whole = 0;
        for (start, end) in &mut self.intervals {
            let step = left.min(*end - *start);
            if step == 0 {
                break;
            }
            match to.intervals.last_mut() {
                Some(last) if last.1 == *start => last.1 += step,
                _ => to.intervals.push((*start, *start + step)),
            }
            *start += step;
            left -= step;
            whole += usize::from(*start == *end);
        }
        self.intervals.drain(..whole);
        most - left
    }

    /// Adds all members of another set.
    pub fn union_with(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            self.intervals.clone_from(&other.intervals);
            return;
        }
        let mut all = std::mem::take(&mut self.intervals);
        all.extend_from_slice(&other.intervals);
        all.sort_unstable();
        for (start, end) in all {
            match self.intervals.last_mut() {
                Some(last) if last.1 >= start => last.1 = last.1.max(end),
                _ => self.intervals.push((start, end)),
            }
        }
    }

    /// Takes all members of another set out.
    pub fn remove_all(&mut self, other: &Self) {
        if self.is_empty() || other.is_empty() {
            return;
        }
        let mut at = 0;
        let mut left = Vec::with_capacity(self.intervals.len());
        for (start, end) in &self.intervals {
            let mut from = *start;
            while let Some((cut, resume)) = other.intervals.get(at).filter(|(cut, _)| cut < end) {
                if from < *cut {
                    left.push((from, *cut));
                }
                from = from.max(*resume);
                if resume > end {
                    // It may reach into the next interval too.
                    break;
                }
                at += 1;
            }
            if from < *end {
                left.push((from, *end));
            }
        }
        self.intervals = left;
    }

    /// The members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Ordinal> + '_ {
        self.intervals
            .iter()
            .flat_map(|(start, end)| (*start..*end).map(Ordinal::new))
    }

    /// The members from `from` on, ascending.
    pub fn iter_from(&self, from: Ordinal) -> impl Iterator<Item = Ordinal> + '_ {
        self.intervals[self.first_ending_after(from.get())..]
            .iter()
            .flat_map(move |(start, end)| ((*start).max(from.get())..*end).map(Ordinal::new))
    }

    /// The members as half-open intervals, ascending.
    pub fn intervals(&self) -> impl Iterator<Item = std::ops::Range<u32>> + '_ {
        self.intervals.iter().map(|(start, end)| *start..*end)
    }

    /// The index of the first interval that ends after `n`.
    fn first_ending_after(&self, n: u32) -> usize {
        self.intervals.partition_point(|(_, end)| *end <= n)
    }
}

impl FromIterator<Ordinal> for OrdinalSet {
    fn from_iter<I: IntoIterator<Item = Ordinal>>(ordinals: I) -> Self {
        let mut set = Self::new();
        for ordinal in ordinals {
            set.insert(ordinal);
        }
        set
    }
}

impl fmt::Debug for OrdinalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.intervals()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn naive(set: &OrdinalSet) -> BTreeSet<u32> {
        set.iter().map(Ordinal::get).collect()
    }

    #[test]
    fn an_untouched_batch_is_one_interval() {
        assert_eq!(OrdinalSet::up_to(1_000).intervals().count(), 1);
    }

    #[test]
    fn taking_first_moves_the_cursor_across_gaps() {
        let mut set: OrdinalSet = [0, 1, 5, 6, 7].map(Ordinal::new).into_iter().collect();
        let taken = set.take_first(3);
        assert_eq!(naive(&taken), BTreeSet::from([0, 1, 5]));
        assert_eq!(naive(&set), BTreeSet::from([6, 7]));
    }

    proptest! {
        #[test]
        fn taking_all_of_another_set_out_leaves_the_rest(
            mine in prop::collection::btree_set(0u32..40, 0..40),
            others in prop::collection::btree_set(0u32..40, 0..40),
        ) {
            let set = |of: &BTreeSet<u32>| of.iter().copied().map(Ordinal::new).collect::<OrdinalSet>();
            let mut left = set(&mine);
            left.remove_all(&set(&others));
            prop_assert_eq!(left, set(&mine.difference(&others).copied().collect()));
        }

        #[test]
        fn it_behaves_as_a_plain_set(steps in prop::collection::vec((0u8..4, 0u32..40), 0..80)) {
            let mut set = OrdinalSet::new();
            let mut model = BTreeSet::new();
            for (kind, n) in steps {
                match kind {
                    0 => prop_assert_eq!(set.insert(Ordinal::new(n)), model.insert(n)),
                    1 => prop_assert_eq!(set.remove(Ordinal::new(n)), model.remove(&n)),
                    2 => {
                        let taken = naive(&set.take_first(n));
                        let expected: BTreeSet<u32> = model.iter().copied().take(n as usize).collect();
                        model.retain(|m| !expected.contains(m));
                        prop_assert_eq!(taken, expected);
                    }
                    _ => {
                        let other = OrdinalSet::up_to(n % 8);
                        model.extend(naive(&other));
                        set.union_with(&other);
                    }
                }
                prop_assert_eq!(naive(&set), model.clone());
                prop_assert_eq!(set.len() as usize, model.len());
                prop_assert_eq!(set.is_empty(), model.is_empty());
                prop_assert_eq!(set.first().map(Ordinal::get), model.first().copied());
                prop_assert_eq!(set.contains(Ordinal::new(n)), model.contains(&n));
                let from = Ordinal::new(n);
                let below = model.range(..n).count();
                prop_assert_eq!(set.len_below(from) as usize, below);
                let tail: Vec<u32> = set.iter_from(from).map(Ordinal::get).collect();
                prop_assert_eq!(tail, model.range(n..).copied().collect::<Vec<_>>());
                prop_assert!(set.intervals.windows(2).all(|w| w[0].1 < w[1].0));
            }
        }
    }
}
