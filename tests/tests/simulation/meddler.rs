use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Flow;
use batch_core::catalogue::{Rate, WorkflowLimits};
use batch_core::engine::{Engine, RetryOptions};
use batch_core::id::{BatchId, RunId, SubmissionId};
use batch_core::ordinal::Ordinal;
use batch_core::request::RunUpdate;
use batch_core::run::{RunState, Verdict};
use batch_core::storage::{PruneRequest, ReviewRequest, RunQuery};
use batch_core::time::Timestamp;

use super::errand::{Progress, WORKFLOW};
use super::sight::Sight;
use super::submitter::Submitter;
use super::tag::{MEMBER, name_of};
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
            if self.world.strikes(3) || self.world.lock().calm {
                self.review().await;
            }
            if self.world.strikes(weather.prunes) {
                self.prune().await;
            }
            if self.world.strikes(weather.clock_jumps) {
                self.set_clock();
            }
            if self.world.strikes(weather.pauses) {
                self.pause().await;
            }
            if self.world.strikes(weather.limits) {
                self.limit().await;
            }
            self.let_go().await;
            if self.world.strikes(weather.updates) {
                self.update().await;
            }
            if self.world.strikes(weather.deletes) {
                self.delete().await;
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
            _ => drop(self.engine.cancel_run(self.any_of(batch, runs)).await),
        }
    }

    fn any_of(&self, batch: BatchId, runs: u32) -> RunId {
        let ordinal = self.world.below(u64::from(runs)) as u32;
        RunId::new(batch, Ordinal::new(ordinal))
    }

    /// Gives any run a name and a number of its own.
    async fn update(&self) {
        let Some((batch, runs)) = self.any_batch() else {
            return;
        };
        let tag = {
            let state = &mut *self.world.lock();
            state.updates += 1;
            state.updates
        };
        // Some are long enough to span the values of the disk.
        let long = "x".repeat(self.world.below(4) as usize * 400);
        let members = format!(r#"{{"{MEMBER}":{tag},"long":"{long}"}}"#);
        let update = RunUpdate::new().name(name_of(tag)).merge_json(members);
        let run = self.any_of(batch, runs);
        drop(self.engine.update_run(run, update).await);
    }

    /// Deletes what has ended, or tries to.
    async fn delete(&self) {
        let Some((batch, runs)) = self.any_batch() else {
            return;
        };
        let read = match self.world.below(4) {
            0 => match self.engine.delete_batch(batch).await {
                Ok(_) => self
                    .engine
                    .runs(all_of(batch))
                    .await
                    .map(|mut page| page.items.pop()),
                Err(_) => return,
            },
            _ => {
                let run = self.any_of(batch, runs);
                match self.engine.delete_run(run).await {
                    Ok(_) => self.engine.run(run).await,
                    Err(_) => return,
                }
            }
        };
        if let Ok(Some(run)) = read {
            self.world
                .wrong(format!("{} was deleted and is read", run.id));
        }
    }

    async fn pause(&self) {
        if let Some((batch, _)) = self.any_batch() {
            drop(self.engine.pause_batch(batch).await);
        }
    }

    async fn limit(&self) {
        let number = |n| NonZeroU32::new(n).unwrap();
        let limits = WorkflowLimits::default();
        let limits = match self.world.below(3) {
            0 => limits.most_held(number(2)),
            1 => limits.rate(Rate::new(number(5), Duration::from_secs(10))),
            _ => limits,
        };
        self.set_limits(limits).await;
    }

    async fn set_limits(&self, limits: WorkflowLimits) {
        let workflow = WORKFLOW.parse().unwrap();
        let limited = self.engine.limit_workflow(workflow, limits).await;
        if limited.is_ok() && limits != WorkflowLimits::default() {
            self.world.saw(Sight::WorkflowLimited);
        }
    }

    /// Resumes what is paused, now and then; once all is calm, lifts the limits too.
    async fn let_go(&self) {
        let calm = self.world.lock().calm;
        if calm {
            self.set_limits(WorkflowLimits::default()).await;
        }
        if !calm && self.world.below(3) > 0 {
            return;
        }
        let paused: Vec<_> = {
            let state = self.world.lock();
            let batches = state.witness.batches.iter();
            let paused = batches.filter(|(_, known)| known.flow == Flow::Paused);
            paused.map(|(id, _)| *id).collect()
        };
        for batch in paused {
            drop(self.engine.resume_batch(batch).await);
        }
    }

    /// Answers runs in review: some of them, and in calm weather all.
    async fn review(&self) {
        let mut query = RunQuery::default();
        query.state = Some(RunState::NeedsReview);
        let Ok(page) = self.engine.runs(query).await else {
            return;
        };
        for run in page.items {
            if self.world.strikes(3) {
                continue;
            }
            let verdict = Verdict::ALL[self.world.below(2) as usize];
            let request = ReviewRequest::new(run.id, verdict);
            // Now and then one answers twice, or two contradict each other.
            if self.world.strikes(4) {
                drop(self.engine.answer(request.clone()).await);
            }
            drop(self.engine.answer(request).await);
            if self.world.strikes(4) {
                drop(self.engine.approve(run.id).await);
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

fn all_of(batch: BatchId) -> RunQuery {
    let mut query = RunQuery::default();
    query.batch = Some(batch);
    query
}
