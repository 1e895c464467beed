use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use batch_exec::{Executor, ExecutorError, Outcome, RunContext, async_trait};
use tokio::time::sleep;

use super::census::output_of;
use super::sight::Sight;
use super::world::World;

/// An executor whose every whim comes from the seed.
#[derive(Debug)]
pub(super) struct Performer(pub(super) Arc<World>);

/// What an attempt comes to.
#[derive(Debug)]
enum Whim {
    Work(Duration),
    /// It works on, whoever tells it to stop.
    WorkDeaf(Duration),
    Fail,
    RetryLater(Duration),
    Snooze(Duration),
    GiveUp,
    AskAPerson,
    Panic,
    Hang,
    Kill,
}

impl Performer {
    /// Does the one step that about every second run has.
    async fn step(&self, run: &RunContext) -> Result<(), ExecutorError> {
        if run.id().ordinal().get() % 2 == 1 {
            return Ok(());
        }
        let world = &self.0;
        let known = world.lock().witness.has_recorded(run.id());
        let done = AtomicBool::new(false);
        let work = || async {
            done.store(true, Ordering::Relaxed);
            let state = &mut *world.lock();
            let verdict = state.witness.does_step(run.id(), run.interruptions());
            if let Err(wrong) = verdict {
                state.is_wrong(wrong);
            }
            Ok(run.id().to_string())
        };
        let came_to = run.step("step", work).await?;
        let state = &mut *world.lock();
        if came_to != run.id().to_string() {
            state.is_wrong(format!("the step of {} came to {came_to}", run.id()));
        }
        if known && !done.into_inner() {
            state.tally.note(Sight::StepNotRepeated);
        }
        Ok(())
    }

    /// Draws what comes of an attempt; what the executor was given must be what was submitted.
    fn whim(&self, run: &RunContext) -> Whim {
        let weather = &self.0.weather;
        let state = &mut *self.0.lock();
        let id = run.id();
        let text = run.text().unwrap_or("no text");
        let asked = state.witness.asked.get(&run.batch());
        let given = asked.and_then(|asked| asked.texts.get(id.ordinal().get() as usize));
        if given.map(String::as_str) != Some(text) {
            let wrong = format!("{id} works on {text:?} and not on {given:?}");
            state.is_wrong(wrong);
        }
        let poisoned = text.contains("poison");
        let time = Duration::from_millis(state.random.u64(..=weather.attempt_millis));
        let whim = match () {
            () if poisoned && !state.calm => Whim::Kill,
            () if state.strikes(weather.attempt_panics) => Whim::Panic,
            () if state.strikes(weather.attempt_hangs) => Whim::Hang,
            () if state.strikes(weather.attempt_fails) => match state.random.u32(..5) {
                0 => Whim::Fail,
                1 => Whim::RetryLater(Duration::from_secs(state.random.u64(..10))),
                2 => Whim::AskAPerson,
                3 => Whim::Snooze(Duration::from_secs(state.random.u64(..10))),
                _ => Whim::GiveUp,
            },
            () if state.random.bool() => Whim::Work(time),
            () => Whim::WorkDeaf(time),
        };
        state.tell(&format!("{id} attempt {}: {whim:?}", run.attempt()));
        whim
    }
}

#[async_trait]
impl Executor for Performer {
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        self.0.while_alive().await;
        self.step(&run).await?;
        let done = Outcome::done(output_of(run.id()));
        match self.whim(&run) {
            Whim::Work(time) => {
                tokio::select! {
                    biased;
                    () = run.cancellation().cancelled() => Ok(Outcome::fail("TOLD", "to stop")),
                    () = sleep(time) => Ok(done),
                }
            }
            Whim::WorkDeaf(time) => {
                sleep(time).await;
                Ok(done)
            }
            Whim::Fail => Err("a whim".into()),
            Whim::RetryLater(after) => Ok(Outcome::retry_after(after, "LATER", "a whim")),
            Whim::AskAPerson => {
                Ok(Outcome::needs_review("a whim").with_output(output_of(run.id())))
            }
            Whim::Snooze(after) => Ok(Outcome::snooze(after)),
            Whim::GiveUp => Ok(Outcome::fail("NEVER", "a whim")),
            // Unlike a panic it calls no hook, which would print.
            Whim::Panic => std::panic::resume_unwind(Box::new("a whim")),
            Whim::Hang => std::future::pending().await,
            Whim::Kill => {
                self.0.die(Sight::DiedInAnExecutor);
                std::future::pending().await
            }
        }
    }
}
