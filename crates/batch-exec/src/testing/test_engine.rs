use std::fmt;
use std::time::Duration;

use batch_core::engine::Engine;
use batch_core::id::BatchId;
use batch_core::storage::StorageError;
use batch_core::time::ManualClock;
use tokio::sync::Mutex;

use super::{BatchCheck, Drained, Step, TestEngineBuilder};
use crate::dispatcher::{ByHand, Worked};

/// How often a drain tries sinks that fail.
const SINK_TRIES: u32 = 16;

/// An engine with executors and sinks that works only when it is told to.
///
/// Nothing happens beside the test: no task, no thread, no timer.
pub struct TestEngine {
    engine: Engine,
    clock: ManualClock,
    work: Mutex<ByHand>,
}

impl TestEngine {
    /// Gathers workflows, sinks and options.
    pub fn builder() -> TestEngineBuilder {
        TestEngineBuilder::default()
    }

    pub(super) fn new(engine: Engine, clock: ManualClock, work: ByHand) -> Self {
        Self {
            engine,
            clock,
            work: Mutex::new(work),
        }
    }

    /// The engine, to submit, read and cancel with.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The clock of engine and store. It begins at 2026-01-01T00:00:00Z and stands still.
    #[must_use]
    pub const fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Claims one run, executes it to its end, records that, and tells the sinks.
    ///
    /// Runs come in the order in which a dispatcher would claim them. An attempt ends by
    /// itself, by its time limit, or because its run is cancelled meanwhile: `step` takes
    /// `&self`, so that a test can `join!` it with what cancels.
    ///
    /// A sink that fails gets the same with the next step.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the store fails, by a planned fault for one. What was
    /// claimed by then is held until its lease runs out.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the executor, as the death of a process would: its run is
    /// held until its lease has passed on the clock.
    pub async fn step(&self) -> Result<Step, StorageError> {
        let mut work = self.work.lock().await;
        let worked = work.work().await?;
        work.deliver().await?;
        Ok(match worked {
            Worked::Idle { next_due } => Step::Idle { next_due },
            Worked::Executed { run, now: None } => Step::Lost { run },
            Worked::Executed {
                run,
                now: Some(now),
            } => Step::Executed { run, now },
        })
    }

    /// Steps until no run is due. The clock stands still, so a retry that waits goes on waiting.
    ///
    /// A sink that fails then gets the same again, 16 times at most.
    ///
    /// # Errors
    ///
    /// As [`TestEngine::step`].
    ///
    /// # Cancel safety
    ///
    /// As [`TestEngine::step`].
    pub async fn drain(&self) -> Result<Drained, StorageError> {
        let mut attempts = 0;
        loop {
            if let Step::Idle { next_due } = self.step().await? {
                self.deliver().await?;
                return Ok(Drained { attempts, next_due });
            }
            attempts += 1;
        }
    }

    /// Lets sinks that fail try again.
    async fn deliver(&self) -> Result<(), StorageError> {
        let mut work = self.work.lock().await;
        for _ in 0..SINK_TRIES {
            if work.deliver().await? {
                break;
            }
        }
        Ok(())
    }

    /// Drains, and lets the clock run to each due time, until no run waits for one.
    ///
    /// # Errors
    ///
    /// As [`TestEngine::step`].
    ///
    /// # Cancel safety
    ///
    /// As [`TestEngine::step`].
    pub async fn drain_all(&self) -> Result<Drained, StorageError> {
        let mut all = Drained::default();
        loop {
            let drained = self.drain().await?;
            all.attempts += drained.attempts;
            let Some(wait) = drained.next_due else {
                return Ok(all);
            };
            // A due time is kept to the millisecond, so it may lie a fraction further.
            self.clock.advance(wait.max(Duration::from_millis(1)));
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Reads a batch and all its runs, to be looked at with assertions.
    ///
    /// # Panics
    ///
    /// Where there is no such batch, or the store cannot read it.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn check(&self, batch: BatchId) -> BatchCheck {
        BatchCheck::read(&self.engine, batch).await
    }
}

impl fmt::Debug for TestEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEngine")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
