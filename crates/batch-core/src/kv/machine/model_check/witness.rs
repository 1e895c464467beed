use super::promise::Promise;
use super::step::How;
use crate::id::BatchId;
use crate::run::{RunState, Verdict};
use crate::storage::{CancelReply, ReviewReply};

/// What the batch should look like: the rules once more, as plainly as can be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Witness {
    pub batch: Option<BatchId>,
    pub runs: Vec<Known>,
}

/// What should be true of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub state: RunState,
    pub attempts: u32,
    pub interruptions: u32,
    /// Whether it waits for a retry whose time has not come.
    pub early: bool,
    /// What a person answered.
    pub verdict: Option<Verdict>,
}

impl Known {
    const NEW: Self = Self {
        state: RunState::Pending,
        attempts: 0,
        interruptions: 0,
        early: false,
        verdict: None,
    };

    pub(super) const fn is_suspect(&self) -> bool {
        self.interruptions >= 2 && !self.state.is_ended()
    }

    /// Its holder died or was too late.
    pub(super) fn interrupt(&mut self) {
        let alone = self.interruptions >= 5;
        self.interruptions += 1;
        self.state = match self.state {
            RunState::Cancelling => RunState::Cancelled,
            _ if alone => RunState::Failed,
            _ => RunState::Pending,
        };
    }

    /// Its holder settles it; gives the state it then stands in.
    pub(super) fn settle(&mut self, how: How) -> RunState {
        let state = match (self.state, how) {
            (RunState::Cancelling, _) => RunState::Cancelled,
            (_, How::Processed) => RunState::Processed,
            (_, How::Failed) => RunState::Failed,
            (_, How::Retry | How::Released) => RunState::Pending,
            (_, How::NeedsReview) => RunState::NeedsReview,
        };
        if how != How::Released || state.is_ended() {
            self.attempts += 1;
        }
        self.early = how == How::Retry && !state.is_ended();
        self.state = state;
        state
    }

    /// A person answers.
    pub(super) fn review(&mut self, verdict: Verdict) -> ReviewReply {
        match self.state {
            RunState::NeedsReview => {
                self.state = verdict.state();
                self.verdict = Some(verdict);
                ReviewReply::Recorded
            }
            _ if self.verdict == Some(verdict) => ReviewReply::Repeated,
            other => ReviewReply::NotInReview(other),
        }
    }

    pub(super) fn cancel(&mut self) -> CancelReply {
        let ended = self.state;
        self.early = false;
        match self.state {
            RunState::Pending | RunState::NeedsReview => self.state = RunState::Cancelled,
            RunState::Processing => self.state = RunState::Cancelling,
            _ => {}
        }
        match self.state {
            _ if ended.is_ended() => CancelReply::RunEnded(ended),
            RunState::Cancelled => CancelReply::Cancelled,
            _ => CancelReply::Cancelling,
        }
    }
}

impl Witness {
    pub(super) fn store(&mut self, batch: BatchId, runs: u32) {
        self.batch = Some(batch);
        self.runs = vec![Known::NEW; runs as usize];
    }

    pub(super) fn grant(&mut self, run: u32, attempt: u32) -> Result<(), Promise> {
        let known = self.run(run);
        match known.state {
            RunState::Pending if !known.early => known.state = RunState::Processing,
            RunState::Processing | RunState::Cancelling => return Err(Promise::OneClaim),
            _ => return Err(Promise::NoLateClaim),
        }
        match attempt == known.attempts + 1 {
            true => Ok(()),
            false => Err(Promise::Attempts),
        }
    }

    pub(super) fn cancel_batch(&mut self) -> CancelReply {
        if self.all_ended() {
            return CancelReply::BatchFinished;
        }
        for run in &mut self.runs {
            run.cancel();
        }
        match self.all_ended() {
            true => CancelReply::Cancelled,
            false => CancelReply::Cancelling,
        }
    }

    pub(super) fn run(&mut self, run: u32) -> &mut Known {
        &mut self.runs[run as usize]
    }

    pub(super) fn all_ended(&self) -> bool {
        self.runs.iter().all(|run| run.state.is_ended())
    }
}
