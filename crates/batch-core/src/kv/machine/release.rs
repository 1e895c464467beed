//! When runs that were never claimed become due: by their batch's header and their place alone.

use super::Machine;
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::record::BatchHeader;
use crate::ordinal::Ordinal;
use crate::time::Moment;

impl BatchHeader {
    /// Whether its runs wait for their time before they are claimed at all.
    pub(super) const fn is_timed(&self) -> bool {
        self.not_before.is_some() || self.spread > 0
    }

    /// When a run may be claimed for the first time: run n of N at n/N of the spread.
    pub(super) fn due_at(&self, ordinal: Ordinal) -> i64 {
        let share = u128::from(self.spread) * u128::from(ordinal.get());
        let share = share / u128::from(self.total.max(1));
        self.first_due()
            .saturating_add(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// How many of its runs, from the first on, are due at a time.
    pub(super) fn due_by(&self, millis: i64) -> u32 {
        let Some(waited) = millis.checked_sub(self.first_due()).filter(|w| *w >= 0) else {
            return 0;
        };
        // Run n is due once n * spread / total, rounded down, has passed.
        let passed = (u128::from(waited.unsigned_abs()) + 1) * u128::from(self.total);
        let due = passed.checked_div(u128::from(self.spread)).map(|whole| {
            match passed % u128::from(self.spread) {
                0 => whole,
                _ => whole + 1,
            }
        });
        due.and_then(|due| u32::try_from(due).ok())
            .map_or(self.total, |due| due.min(self.total))
    }

    fn first_due(&self) -> i64 {
        self.not_before.unwrap_or(self.created_at)
    }
}

/// Letting fresh runs go as their times come.
///
/// Only memory says which are let go; opening a store finds the same by the clock.
impl<K: OrderedKv> Machine<K> {
    /// Lets runs go whose time has come.
    pub(super) fn release_due(&mut self, now: Moment) {
        let millis = Self::millis(now);
        while let Some((at, id)) = self.releases.first().copied() {
            if at > millis {
                break;
            }
            self.releases.remove(&(at, id));
            if let Some(batch) = self.live.get_mut(&id) {
                // A clock that is set back takes nothing back.
                batch.released = batch.released.max(batch.header.due_by(millis));
                batch.release_at = None;
            }
            self.arm_release(id);
            self.reschedule(id);
        }
    }

    /// Notes when the next fresh run of a batch is due.
    pub(super) fn arm_release(&mut self, id: BatchId) {
        self.disarm_release(id);
        let Some(batch) = self.live.get_mut(&id) else {
            return;
        };
        let from = Ordinal::new(batch.released);
        if let Some(next) = batch.record.fresh.iter_from(from).next() {
            let at = batch.header.due_at(next);
            batch.release_at = Some(at);
            self.releases.insert((at, id));
        }
    }

    /// Forgets when the next run of a batch is due.
    pub(super) fn disarm_release(&mut self, id: BatchId) {
        let armed = self.live.get_mut(&id).and_then(|b| b.release_at.take());
        if let Some(at) = armed {
            self.releases.remove(&(at, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(total: u32, spread: u64) -> BatchHeader {
        BatchHeader {
            total,
            spread,
            created_at: 1_000,
            ..BatchHeader::sample()
        }
    }

    #[test]
    fn ten_runs_over_ten_seconds_are_due_a_second_apart() {
        let header = header(10, 10_000);
        let due: Vec<_> = (0..10).map(|n| header.due_at(Ordinal::new(n))).collect();
        let expected: Vec<_> = (0..10).map(|n| 1_000 + n * 1_000).collect();
        assert_eq!(due, expected);
    }

    #[test]
    fn without_a_spread_all_are_due_together() {
        let mut header = header(10, 0);
        header.not_before = Some(5_000);
        assert_eq!((header.due_by(4_999), header.due_by(5_000)), (0, 10));
    }

    proptest! {
        #[test]
        fn a_run_is_counted_as_due_exactly_from_its_time_on(
            total in 1u32..2_000,
            spread in 0u64..100_000,
            place in 0u32..2_000,
        ) {
            let (header, place) = (header(total, spread), place % total);
            let at = header.due_at(Ordinal::new(place));
            prop_assert!(header.due_by(at) > place);
            prop_assert!(header.due_by(at - 1) <= place);
        }
    }
}
