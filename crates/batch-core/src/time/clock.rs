use std::fmt::Debug;

use super::Moment;

/// Where the engine reads the time.
///
/// Nothing inside the engine asks the operating system; a test passes a
/// [`ManualClock`](super::ManualClock) instead.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Reads the clock. `uptime` must never be less than in an earlier reading.
    fn now(&self) -> Moment;
}
