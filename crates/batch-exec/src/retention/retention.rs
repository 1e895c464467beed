use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::storage::{Ending, PruneRequest};
use jiff::Timestamp;

/// How long finished batches and journal entries are kept. By default for ever.
///
/// ```
/// use std::time::Duration;
/// use batch_exec::Retention;
///
/// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// let retention = Retention::default()
///     .succeeded(DAY)
///     .cancelled(DAY)
///     .with_failures(30 * DAY);
/// # drop(retention);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// How long after its end a batch is kept all of whose runs ended well; `None` for ever.
    pub succeeded: Option<Duration>,
    /// How long after its end a batch is kept with a run that ended badly; `None` for ever.
    pub with_failures: Option<Duration>,
    /// How long after its end a batch is kept that was cancelled as a whole; `None` for ever.
    pub cancelled: Option<Duration>,
    /// How long journal entries are kept; `None` for as long as the longest of the above.
    pub journal: Option<Duration>,
    /// How long to wait between two passes over the store. A minute by default.
    pub every: Duration,
    /// The most batches that one write deletes. 64 by default.
    pub step: NonZeroU32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            succeeded: None,
            with_failures: None,
            cancelled: None,
            journal: None,
            every: Duration::from_secs(60),
            step: NonZeroU32::MIN.saturating_add(63),
        }
    }
}

impl Retention {
    /// Keeps batches all of whose runs ended well for so long.
    #[must_use]
    pub const fn succeeded(mut self, age: Duration) -> Self {
        self.succeeded = Some(age);
        self
    }

    /// Keeps batches with a run that ended badly for so long.
    #[must_use]
    pub const fn with_failures(mut self, age: Duration) -> Self {
        self.with_failures = Some(age);
        self
    }

    /// Keeps batches that were cancelled as a whole for so long.
    #[must_use]
    pub const fn cancelled(mut self, age: Duration) -> Self {
        self.cancelled = Some(age);
        self
    }

    /// Keeps journal entries for so long, whatever becomes of their batches.
    #[must_use]
    pub const fn journal(mut self, age: Duration) -> Self {
        self.journal = Some(age);
        self
    }

    /// Waits so long between two passes over the store.
    #[must_use]
    pub const fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// What to ask a store for at this moment, one request for each ending that has an age.
    ///
    /// None where everything is kept for ever. Where the journal alone has an age, one that
    /// finds no batch.
    pub(super) fn requests(&self, now: Timestamp) -> Vec<PruneRequest> {
        let ages = [
            (Ending::Succeeded, self.succeeded),
            (Ending::WithFailures, self.with_failures),
            (Ending::Cancelled, self.cancelled),
        ];
        let longest = ages.iter().filter_map(|(_, age)| *age).max();
        let Some(journal) = self.journal.or(longest).map(|age| ago(now, age)) else {
            return Vec::new();
        };
        let request =
            |finished_before| PruneRequest::new(finished_before, self.step).journal_before(journal);
        let of_ages = ages.into_iter().filter_map(|(ending, age)| {
            let age = age?;
            Some(request(ago(now, age)).ending(ending))
        });
        let mut requests: Vec<_> = of_ages.collect();
        if requests.is_empty() {
            requests.push(request(Timestamp::UNIX_EPOCH));
        }
        requests
    }
}

/// So long before a moment; nothing is older than 1970.
fn ago(now: Timestamp, age: Duration) -> Timestamp {
    let then = now.checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH);
    then.max(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH + 100 * DAY
    }

    #[test]
    fn by_default_nothing_is_asked_for() {
        assert_eq!(Retention::default().requests(now()), []);
    }

    #[test]
    fn each_ending_has_its_own_age_and_the_journal_the_longest() {
        let retention = Retention::default().succeeded(DAY).with_failures(30 * DAY);
        let requests = retention.requests(now());
        let asked: Vec<_> = requests
            .iter()
            .map(|r| (r.ending, r.finished_before, r.journal_before))
            .collect();
        let journal = now() - 30 * DAY;
        assert_eq!(
            asked,
            [
                (Some(Ending::Succeeded), now() - DAY, journal),
                (Some(Ending::WithFailures), now() - 30 * DAY, journal),
            ]
        );
    }

    #[test]
    fn the_journal_alone_can_have_an_age() {
        let requests = Retention::default().journal(DAY).requests(now());
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].finished_before, Timestamp::UNIX_EPOCH);
        assert_eq!(requests[0].journal_before, now() - DAY);
    }

    #[test]
    fn an_age_from_before_1970_finds_nothing_and_is_no_overflow() {
        let requests = Retention::default()
            .cancelled(Duration::MAX)
            .requests(now());
        assert_eq!(requests[0].finished_before, Timestamp::UNIX_EPOCH);
    }
}
