use std::time::{Instant, SystemTime};

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
        Moment {
            wall: to_millisecond(SystemTime::now()),
            uptime: self.started.elapsed(),
        }
    }
}

/// The nearest millisecond.
fn to_millisecond(time: SystemTime) -> Timestamp {
    // Every run reads the time, and to round a `Timestamp` takes ten times as long.
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok();
    let micros = since.and_then(|since| i64::try_from(since.as_micros()).ok());
    let nearest =
        micros.and_then(|micros| Timestamp::from_millisecond((micros + 500) / 1_000).ok());
    nearest.unwrap_or_else(|| rounded(time))
}

/// The same, for any time.
fn rounded(time: SystemTime) -> Timestamp {
    let wall = Timestamp::try_from(time).unwrap_or(Timestamp::MAX);
    // Rounding fails only at the end of the range of `Timestamp`, in the year 9999.
    wall.round(Unit::Millisecond).unwrap_or(wall)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_told_to_the_nearest_millisecond() {
        let day = Duration::from_secs(1_764_000_000);
        for nanos in [
            0,
            1,
            499_999,
            500_000,
            999_499_999,
            999_500_000,
            999_999_999,
        ] {
            let time = SystemTime::UNIX_EPOCH + day + Duration::from_nanos(nanos);
            assert_eq!(to_millisecond(time), rounded(time), "{nanos}");
        }
    }

    #[test]
    fn a_clock_set_before_1970_is_read_too() {
        let time = SystemTime::UNIX_EPOCH - Duration::from_millis(1_500);
        assert_eq!(to_millisecond(time).as_millisecond(), -1_500);
    }
}
