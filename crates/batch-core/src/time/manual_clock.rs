use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use super::{Clock, Moment};

/// A clock that moves only when it is told to. Clones share the time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<Mutex<Moment>>,
}

impl ManualClock {
    /// A clock that stands at `wall`.
    #[must_use]
    pub fn new(wall: Timestamp) -> Self {
        let uptime = Duration::ZERO;
        Self {
            now: Arc::new(Mutex::new(Moment { wall, uptime })),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock();
        now.uptime = now.uptime.saturating_add(by);
        now.wall = now.wall.saturating_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Sets the wall clock forward or back, as an administrator would; no time passes.
    pub fn jump(&self, by: SignedDuration) {
        let mut now = self.now.lock();
        now.wall = now.wall.saturating_add(by).unwrap_or(now.wall);
    }
}

impl Default for ManualClock {
    /// A clock that stands at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::new(Timestamp::constant(1_767_225_600, 0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        *self.now.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_moves_both_times_and_jumping_only_the_wall() {
        let clock = ManualClock::default();
        let start = clock.now();
        clock.advance(Duration::from_secs(60));
        clock.jump(SignedDuration::from_hours(-1));
        let now = clock.now();
        assert_eq!(now.uptime - start.uptime, Duration::from_secs(60));
        assert_eq!(now.wall.duration_since(start.wall).as_secs(), 60 - 3_600);
    }
}
