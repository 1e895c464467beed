//! Time as a value that is passed in.

mod clock;
mod elapsed;
mod manual_clock;
mod moment;
mod system_clock;

pub use clock::Clock;
pub use elapsed::Elapsed;
pub use manual_clock::ManualClock;
pub use moment::Moment;
pub use system_clock::SystemClock;

/// A point in time, RFC 3339 when printed. Stored to the millisecond.
pub use jiff::Timestamp;
