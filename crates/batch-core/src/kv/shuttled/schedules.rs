use std::sync::Arc;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

/// How many schedules each scheduler tries by default.
const SCHEDULES: usize = 100;
/// How often a schedule of PCT turns to another thread where it need not.
const TURNS: usize = 3;
/// A story that takes more steps goes round in circles.
const STEPS: usize = 20_000;
/// Enough for the machine in a debug build.
const STACK_BYTES: usize = 512 << 10;

/// Tells a story under many schedules: random ones, and such as turn seldom and where it hurts.
///
/// A failure prints the schedule, and `shuttle::replay` repeats it.
pub(super) fn under_many_schedules(story: impl Fn() + Send + Sync + 'static) {
    let story = Arc::new(story);
    let schedules = std::env::var("BATCHYARD_SCHEDULES");
    let schedules = schedules.map_or(SCHEDULES, |n| n.parse().unwrap());
    run(RandomScheduler::new(schedules), Arc::clone(&story));
    run(PctScheduler::new(TURNS, schedules), story);
}

fn run(scheduler: impl Scheduler + 'static, story: Arc<impl Fn() + Send + Sync + 'static>) {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    config.max_steps = MaxSteps::FailAfter(STEPS);
    Runner::new(scheduler, config).run(move || story());
}
