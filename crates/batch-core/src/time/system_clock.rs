use std::time::Instant;

use jiff::{Timestamp, Unit};

use super::{Clock, Moment};

/// The clock of the operating system.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let wall = Timestamp::now();
        Moment {
            // Rounding fails only at the end of the range of `Timestamp`, in the year 9999.
            wall: wall.round(Unit::Millisecond).unwrap_or(wall),
            uptime: self.started.elapsed(),
        }
    }
}
