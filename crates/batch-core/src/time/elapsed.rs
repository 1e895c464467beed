use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

/// How long something took, for people: `12 ms`, `1.2 s`, `3 min 05 s`, `2 h 03 min`.
///
/// Parts of the last unit shown are cut off, not rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elapsed(Duration);

impl Elapsed {
    /// The time from one moment to another; none where the clock was set back in between.
    #[must_use]
    pub fn between(start: Timestamp, end: Timestamp) -> Self {
        Self(end.duration_since(start).try_into().unwrap_or_default())
    }

    /// The time as a duration.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Elapsed {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let minutes = seconds / 60;
        match seconds {
            0 => write!(f, "{} ms", self.0.as_millis()),
            1..60 => write!(f, "{seconds}.{} s", self.0.subsec_millis() / 100),
            60..3_600 => write!(f, "{minutes} min {:02} s", seconds % 60),
            _ => write!(f, "{} h {:02} min", minutes / 60, minutes % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_in_the_units_a_person_would_choose() {
        for (millis, shown) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (1_290, "1.2 s"),
            (59_999, "59.9 s"),
            (60_000, "1 min 00 s"),
            (185_900, "3 min 05 s"),
            (3_599_999, "59 min 59 s"),
            (3_600_000, "1 h 00 min"),
            (7_380_000, "2 h 03 min"),
            (180_000_000, "50 h 00 min"),
        ] {
            let elapsed = Elapsed::from(Duration::from_millis(millis));
            assert_eq!(elapsed.to_string(), shown);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_time_and_no_panic() {
        let later = Timestamp::from_second(1).unwrap();
        let elapsed = Elapsed::between(later, Timestamp::UNIX_EPOCH);
        assert_eq!(elapsed.as_duration(), Duration::ZERO);
    }
}
