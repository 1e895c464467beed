//! Room in a bounded queue: when to expect it, and waiting for it.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use crate::journal::{Entry, Fact, Sequence};
use crate::run::RunState;
use crate::storage::StorageError;

/// How many of the last entries of the journal tell how fast runs end.
const LATELY: u32 = 64;
/// No hint is shorter or longer than these.
const SOONEST: Duration = Duration::from_millis(100);
const LATEST: Duration = Duration::from_secs(3_600);

impl Engine {
    /// About when `missing` more runs will have left the queue; `None` where nothing tells.
    pub(super) async fn room_after(&self, missing: u64) -> Result<Option<Duration>, StorageError> {
        let head = self.journal_head().await?;
        let limit = NonZeroU32::MIN.saturating_add(LATELY - 1);
        let after = Sequence::new(head.get().saturating_sub(LATELY.into()));
        let page = self.storage().journal(after, limit).await?;
        Ok(hint(missing, &page.entries, self.clock().now().wall))
    }

    /// The last entry there is.
    pub(super) async fn journal_head(&self) -> Result<Sequence, StorageError> {
        let page = self.storage().journal(Sequence::START, NonZeroU32::MIN);
        Ok(page.await?.head)
    }

    /// Waits until at least `missing` runs have left the queue since a position, or until nobody
    /// can tell; gives the position up to which the journal was read.
    ///
    /// Only reads: dropping it changes nothing.
    pub(super) async fn wait_for_room(
        &self,
        mut position: Sequence,
        missing: u64,
    ) -> Result<Sequence, StorageError> {
        let limit = NonZeroU32::MIN.saturating_add(LATELY - 1);
        let mut left = 0;
        while left < missing {
            self.storage().wait(position).await?;
            let page = self.storage().journal(position, limit).await?;
            left += page
                .entries
                .iter()
                .map(|entry| leaving(&entry.fact))
                .sum::<u64>();
            match page.entries.last() {
                Some(last) if page.trimmed <= position => position = last.sequence,
                // What left the queue was trimmed before it was read.
                _ => return Ok(page.head),
            }
        }
        Ok(position)
    }
}

/// How many runs a fact may have taken out of the queue.
fn leaving(fact: &Fact) -> u64 {
    let number = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
    match fact {
        Fact::Started(starts) => number(starts.len()),
        Fact::Swept(set) | Fact::Expired(set) => set.len().into(),
        Fact::Ended(ends) => {
            let cancelled = ends.iter().filter(|end| end.state == RunState::Cancelled);
            number(cancelled.count())
        }
        _ => 0,
    }
}

/// For how many runs a fact says that no executor works on them any more.
fn ending(fact: &Fact) -> u64 {
    match fact {
        Fact::Ended(_) | Fact::NeedsReview(_) | Fact::Swept(_) | Fact::Expired(_) => {
            fact.ordinals().len().into()
        }
        _ => 0,
    }
}

/// The time in which `missing` runs end, at the rate of these entries up to now.
fn hint(missing: u64, entries: &[Entry], now: Timestamp) -> Option<Duration> {
    let since = entries.first()?.at;
    let ended: u64 = entries.iter().map(|entry| ending(&entry.fact)).sum();
    if ended == 0 {
        return None;
    }
    let passed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    let millis = passed.as_millis().saturating_mul(missing.into()) / u128::from(ended);
    let wait = Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX));
    Some(wait.clamp(SOONEST, LATEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::BatchId;
    use crate::ordinal::OrdinalSet;

    fn entry(second: i64, fact: Fact) -> Entry {
        Entry {
            sequence: Sequence::new(1),
            at: Timestamp::from_second(second).unwrap(),
            batch: BatchId::generate(),
            fact,
        }
    }

    fn after(missing: u64, entries: &[Entry]) -> Option<Duration> {
        hint(missing, entries, Timestamp::from_second(110).unwrap())
    }

    #[test]
    fn the_hint_follows_the_rate_at_which_runs_ended_lately() {
        let ended = Fact::Swept(OrdinalSet::up_to(20));
        let entries = [entry(100, Fact::Created), entry(105, ended)];
        assert_eq!(after(40, &entries), Some(Duration::from_secs(20)));
    }

    #[test]
    fn nobody_guesses_where_nothing_ended() {
        assert_eq!(after(1, &[]), None);
        assert_eq!(after(1, &[entry(100, Fact::Created)]), None);
    }

    #[test]
    fn a_hint_stays_within_its_bounds() {
        let ended = |n| [entry(100, Fact::Swept(OrdinalSet::up_to(n)))];
        assert_eq!(after(1, &ended(1_000_000)), Some(SOONEST));
        assert_eq!(after(1_000_000, &ended(1)), Some(LATEST));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_a_short_hint_and_no_panic() {
        let ended = entry(1_000, Fact::Swept(OrdinalSet::up_to(1)));
        assert_eq!(after(1, &[ended]), Some(SOONEST));
    }
}
