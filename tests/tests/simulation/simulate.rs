use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;

use super::process::{Left, live};
use super::sight::{Sight, Tally};
use super::world::World;

/// Faults stop after this long, or after so many processes.
const CHAOS: Duration = Duration::from_secs(400);
const CHAOTIC_PROCESSES: u64 = 20;
/// In calm weather a process is enough; the first may find the store as it was left.
const CALM_PROCESSES: u32 = 3;

/// A seed that has been lived.
#[derive(Debug)]
pub(super) struct Lived {
    pub(super) seed: u64,
    /// What was wrong, in words; `None` where all was well.
    pub(super) wrong: Option<String>,
    pub(super) tally: Tally,
    pub(super) trace: String,
}

/// Lives a seed: processes in bad weather, one after the other, then one in good weather.
pub(super) fn simulate(seed: u64) -> Lived {
    let world = World::new(seed);
    let mut calm = 0;
    while calm < CALM_PROCESSES && world.lock().wrong.is_none() {
        {
            let mut state = world.lock();
            let processes = state.tally.of(Sight::Process);
            state.calm |= state.lasted() > CHAOS || processes >= CHAOTIC_PROCESSES;
            calm += u32::from(state.calm);
        }
        if one_process(&world) == Some(Left::Finished) {
            break;
        }
    }
    let mut state = world.lock();
    if state.wrong.is_none() {
        let verdict = at_the_end(&state);
        if let Err(wrong) = verdict {
            state.is_wrong(wrong);
        }
    }
    Lived {
        seed,
        wrong: state.wrong.take(),
        tally: state.tally.clone(),
        trace: std::mem::take(&mut state.trace),
    }
}

/// Everything has ended, and everybody has heard of everything.
fn at_the_end(state: &super::world::State) -> Result<(), String> {
    let open = state.witness.unfinished();
    if !open.is_empty() {
        return Err(format!("unfinished at the end: {open:?}"));
    }
    let entries = &state.witness.entries;
    state
        .heard
        .iter()
        .try_for_each(|heard| heard.heard_all(entries))
}

/// A process from birth to death; how it ended unless it was killed.
///
/// It has a runtime of its own. Dropped, that drops all that still ran, as the kernel would:
/// nothing of it reaches the disk, which knows that the process is dead.
fn one_process(world: &Arc<World>) -> Option<Left> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        world.lock().birth();
        let died = Arc::clone(&world.lock().process.died);
        let left = tokio::select! {
            biased;
            () = died.notified() => None,
            left = live(Arc::clone(world)) => Some(left),
        };
        world.lock().burial();
        left
    })
}
