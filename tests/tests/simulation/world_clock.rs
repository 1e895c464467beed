use std::sync::Arc;

use batch_core::time::{Clock, Moment, Timestamp};

use super::world::World;

/// The world's time, as a process reads it: simulated, and sometimes wrong.
#[derive(Debug)]
pub(super) struct WorldClock(pub(super) Arc<World>);

impl Clock for WorldClock {
    fn now(&self) -> Moment {
        let state = self.0.lock();
        Moment {
            wall: Timestamp::from_millisecond(state.wall_millis()).unwrap(),
            uptime: state.uptime(),
        }
    }
}
