use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::{Engine, RetryOptions};
use batch_core::id::{BatchId, RunId, SubmissionId};
use batch_core::ordinal::Ordinal;
use batch_core::storage::PruneRequest;
use batch_core::time::Timestamp;

use super::errand::Progress;
use super::sight::Sight;
use super::submitter::Submitter;
use super::world::World;

/// Somebody who cancels, prunes, sets clocks and doubts what he was told.
#[derive(Debug)]
pub(super) struct Meddler {
    pub(super) world: Arc<World>,
    pub(super) engine: Engine,
}

impl Meddler {
    /// Meddles for as long as the process lives.
    pub(super) async fn work(self) {
        loop {
            self.world.dawdle(Duration::from_secs(5)).await;
            let weather = &self.world.weather;
            if self.world.strikes(weather.cancels) {
                self.cancel().await;
            }
            if self.world.strikes(weather.prunes) {
                self.prune().await;
            }
            if self.world.strikes(weather.clock_jumps) {
                self.set_clock();
            }
            if self.world.strikes(8) {
                self.doubt().await;
            }
            if self.world.strikes(12) {
                self.retry().await;
            }
        }
    }

    /// Any batch that anybody knows of.
    fn any_batch(&self) -> Option<(BatchId, u32)> {
        let state = &mut *self.world.lock();
        let all: Vec<_> = state
            .witness
            .batches
            .iter()
            .map(|(id, b)| (*id, b.runs))
            .collect();
        match all.len() {
            0 => None,
            most => Some(all[state.random.usize(..most)]),
        }
    }

    async fn cancel(&self) {
        let Some((batch, runs)) = self.any_batch() else {
            return;
        };
        match self.world.below(6) {
            0 => drop(self.engine.cancel_batch(batch).await),
            1 => {
                let submission = SubmissionId::of_first_batch(batch);
                if self
                    .engine
                    .submission_handle(submission)
                    .cancel()
                    .await
                    .is_ok()
                {
                    self.world.saw(Sight::SubmissionCancelled);
                }
            }
            _ => {
                let ordinal = self.world.below(u64::from(runs)) as u32;
                let run = RunId::new(batch, Ordinal::new(ordinal));
                drop(self.engine.cancel_run(run).await);
            }
        }
    }

    async fn prune(&self) {
        let now = self.world.lock().wall_millis();
        let before = Timestamp::from_millisecond(now).unwrap();
        let limit = NonZeroU32::new(1 + self.world.below(5) as u32).unwrap();
        drop(self.engine.prune(PruneRequest::new(before, limit)).await);
    }

    fn set_clock(&self) {
        let state = &mut *self.world.lock();
        // An hour at most: a retry waits for its time on the wall.
        let wrong = state.random.i64(-3_600_000..=3_600_000);
        let by = wrong - state.jumped_millis;
        state.jumped_millis = wrong;
        state.tell(&format!("the clock is set by {by} ms"));
        state.tally.note(match by < 0 {
            true => Sight::ClockSetBack,
            false => Sight::ClockSetForward,
        });
    }

    /// Repeats an errand that was done, perhaps long ago.
    async fn doubt(&self) {
        let errand = {
            let state = &mut *self.world.lock();
            let any = state.random.usize(..state.errands.len());
            state.errands[any].clone()
        };
        let submitter = Submitter {
            world: Arc::clone(&self.world),
            engine: self.engine.clone(),
            number: 0,
        };
        if let Progress::Done(first) = errand.state {
            submitter.repeat(&errand, first).await;
        }
    }

    /// Runs the failed runs of some batch again.
    async fn retry(&self) {
        let Some((batch, _)) = self.any_batch() else {
            return;
        };
        let options = RetryOptions::default();
        if self.engine.retry_failed(batch, options).await.is_ok() {
            self.world.saw(Sight::FailedRunsRetried);
        }
    }
}
