use std::time::Duration;

use jiff::Timestamp;

/// One reading of a clock: what time it is, and how long the clock has run.
///
/// Wall time is data: it is recorded and shown, and retries fall due by it.
/// Leases are measured by `uptime` alone, so a clock that is set forward or
/// back takes no run away from anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of day and date, to the millisecond.
    pub wall: Timestamp,
    /// Time since some fixed start; never goes back.
    pub uptime: Duration,
}
