use std::time::Duration;

use jiff::Timestamp;

/// When the runs of a batch may begin, and until when. By default at once, and for ever.
///
/// All of it is wall time, kept to the millisecond: a clock that is set forward brings it nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Timing {
    /// No run begins before this moment; `None` for the moment at which the batch is stored.
    pub not_before: Option<Timestamp>,
    /// The time over which the runs become due, evenly and in their order. Zero for all at once.
    ///
    /// Of 10 runs spread over 10 s the first is due at once and the last after 9 s. At most
    /// [`Timing::MOST_SPREAD`].
    pub spread: Duration,
    /// When runs that still wait end as failed, with the reason
    /// [`EXPIRED`](crate::run::Failure::EXPIRED). Runs that are held by then go on.
    pub expires_at: Option<Timestamp>,
}

impl Timing {
    /// The longest spread: 366 days.
    pub const MOST_SPREAD: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    /// All of it as numbers of milliseconds.
    pub(crate) fn as_millis(&self) -> (Option<i64>, u64, Option<i64>) {
        let spread = u64::try_from(self.spread.as_millis()).unwrap_or(u64::MAX);
        let millis = |at: Timestamp| at.as_millisecond();
        (
            self.not_before.map(millis),
            spread,
            self.expires_at.map(millis),
        )
    }
}
