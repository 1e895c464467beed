use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::{Engine, HandleError, SubmitError};
use batch_core::id::BatchId;

use super::errand::{Errand, Kind, Progress};
use super::sight::Sight;
use super::world::World;

/// Somebody outside who has errands done and repeats what was unclear.
#[derive(Debug)]
pub(super) struct Submitter {
    pub(super) world: Arc<World>,
    pub(super) engine: Engine,
    /// Which of the submitters it is: it sees to every so-manieth errand.
    pub(super) number: usize,
}

impl Submitter {
    /// Sees to its errands until all are done.
    pub(super) async fn work(self) {
        let most = self.world.weather.submitters;
        let mine = |n: &usize| n % most == self.number;
        let errands = (0..self.world.weather.errands).filter(mine);
        for n in errands {
            self.world.dawdle(Duration::from_secs(8)).await;
            while !self.attempt(n).await {
                self.world.dawdle(Duration::from_secs(2)).await;
            }
        }
    }

    /// Tries an errand once; whether it is done with.
    async fn attempt(&self, n: usize) -> bool {
        let errand = self.world.lock().errands[n].clone();
        match errand.state {
            Progress::Open { .. } => {}
            Progress::Done(_) | Progress::GivenUp => return true,
        }
        let answer = self.submit(&errand).await;
        self.world.while_alive().await;
        match answer {
            Ok(first) => {
                self.world.tell(format!("{} is {first}", errand.name));
                self.world.lock().errands[n].state = Progress::Done(first);
                self.afterwards(&errand, first).await;
                true
            }
            Err(error) => {
                self.unclear(n, &error);
                false
            }
        }
    }

    async fn submit(&self, errand: &Errand) -> Result<BatchId, SubmitError> {
        match errand.kind {
            Kind::Batch => {
                let handle = self.engine.submit_batch(errand.batch("")).await?;
                Ok(handle.id())
            }
            Kind::Stream => {
                let inputs = errand.inputs("");
                let handle = self.engine.submit_all(errand.stream(), inputs).await?;
                Ok(handle.id().first_batch())
            }
        }
    }

    fn unclear(&self, n: usize, error: &SubmitError) {
        let state = &mut *self.world.lock();
        state.tell(&format!("errand {n} failed: {error}"));
        if !matches!(error.root(), SubmitError::Storage(_)) {
            state.is_wrong(format!("errand {n} was refused: {error}"));
        }
        if matches!(error, SubmitError::Interrupted(_)) {
            state.tally.note(Sight::StreamContinued);
        }
        let errand = &mut state.errands[n];
        errand.state = match (errand.state, &errand.key) {
            (_, None) => Progress::GivenUp,
            (Progress::Open { tries }, _) => Progress::Open { tries: tries + 1 },
            (done, _) => done,
        };
    }

    /// What somebody does who has his answer: doubt it, or wait for the end.
    async fn afterwards(&self, errand: &Errand, first: BatchId) {
        match self.world.below(4) {
            0 => self.repeat(errand, first).await,
            1 => self.conflict(errand).await,
            2 => self.wait(first).await,
            _ => {}
        }
    }

    /// Submits again an errand that was done, perhaps long ago.
    pub(super) async fn repeat(&self, errand: &Errand, first: BatchId) {
        if errand.key.is_none() {
            return;
        }
        if let Ok(again) = self.submit(errand).await
            && again != first
        {
            self.world
                .wrong(format!("{} was {first}, and is {again}", errand.name));
        }
    }

    /// Submits something else under the key of an errand.
    async fn conflict(&self, errand: &Errand) {
        if errand.key.is_none() || errand.kind == Kind::Stream {
            return;
        }
        match self.engine.submit_batch(errand.batch(" twisted")).await {
            Err(SubmitError::KeyConflict { .. } | SubmitError::Storage(_)) => {}
            other => self
                .world
                .wrong(format!("{} twisted: {other:?}", errand.name)),
        }
    }

    /// Waits until a batch has ended.
    async fn wait(&self, id: BatchId) {
        let ended = self.engine.batch_handle(id).wait().await;
        self.world.while_alive().await;
        let state = &mut *self.world.lock();
        let known = state.witness.batches[&id];
        match ended {
            Ok(batch) if batch.is_finished() && known.finished.is_some() => {}
            Err(HandleError::Storage(_)) => {}
            Err(HandleError::BatchNotFound(_)) if known.may_be_missing() => {}
            other => state.is_wrong(format!("waited for {id}: {other:?}")),
        }
    }
}
