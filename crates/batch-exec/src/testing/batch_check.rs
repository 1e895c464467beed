use std::fmt;

use batch_core::batch::Batch;
use batch_core::engine::{Engine, RunFilter};
use batch_core::id::BatchId;
use batch_core::run::{Failure, Run, RunState};
use serde::Serialize;

/// No more runs than this are named in a failure.
const MOST_RUNS: usize = 40;

/// A batch as it stood when it was read, to be looked at with assertions.
///
/// Each assertion panics where it does not hold, and says what there is instead, run by
/// run. Each gives the check back, so that they chain.
#[derive(Debug, Clone)]
pub struct BatchCheck {
    batch: Batch,
    runs: Vec<Run>,
}

impl BatchCheck {
    pub(super) async fn read(engine: &Engine, id: BatchId) -> Self {
        let batch = engine.batch(id).await;
        let batch = batch.unwrap_or_else(|error| panic!("{id} cannot be read: {error}"));
        let batch = batch.unwrap_or_else(|| panic!("there is no {id}"));
        let mut pages = engine.batch_handle(id).runs(RunFilter::default());
        let mut runs = Vec::new();
        loop {
            match pages.next().await {
                // Lists leave outputs out, so each run is read by itself.
                Ok(Some(run)) => match engine.run(run.id).await {
                    Ok(whole) => runs.push(whole.unwrap_or(run)),
                    Err(error) => panic!("{} cannot be read: {error}", run.id),
                },
                Ok(None) => return Self { batch, runs },
                Err(error) => panic!("the runs of {id} cannot be read: {error}"),
            }
        }
    }

    /// The batch.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Its runs, in order, with their outputs.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    #[track_caller]
    fn must(&self, holds: bool, wanted: impl FnOnce() -> String) -> &Self {
        if !holds {
            panic!("expected {}, but {self}", wanted());
        }
        self
    }

    /// Every run has ended.
    ///
    /// # Panics
    ///
    /// Where it does not hold.
    #[track_caller]
    pub fn finished(&self) -> &Self {
        self.must(self.batch.is_finished(), || "a finished batch".into())
    }

    /// Some run has not ended.
    ///
    /// # Panics
    ///
    /// Where it does not hold.
    #[track_caller]
    pub fn unfinished(&self) -> &Self {
        self.must(!self.batch.is_finished(), || "an unfinished batch".into())
    }

    /// So many runs ended well.
    ///
    /// # Panics
    ///
    /// Where it does not hold.
    #[track_caller]
    pub fn processed(&self, runs: u64) -> &Self {
        self.in_state(RunState::Processed, runs)
    }

    /// So many runs ended with a failure.
    ///
    /// # Panics
    ///
    /// Where it does not hold.
    #[track_caller]
    pub fn failed(&self, runs: u64) -> &Self {
        self.in_state(RunState::Failed, runs)
    }

    /// So many runs were cancelled.
    ///
    /// # Panics
    ///
    /// Where it does not hold.
    #[track_caller]
    pub fn cancelled(&self, runs: u64) -> &Self {
        self.in_state(RunState::Cancelled, runs)
    }

    /// So many runs stand in this state.
    ///
    /// # Panics
    ///
    /// Where it does not hold.
    #[track_caller]
    pub fn in_state(&self, state: RunState, runs: u64) -> &Self {
        let there = self.batch.counts.of(state);
        self.must(there == runs, || format!("{runs} runs {state}"))
    }

    /// The run at this place, from 0, stands in this state.
    ///
    /// # Panics
    ///
    /// Where it does not hold, or there is no such run.
    #[track_caller]
    pub fn run(&self, place: usize, state: RunState) -> &Self {
        let there = self.runs.get(place).map(|run| run.state);
        self.must(there == Some(state), || format!("run {place} {state}"))
    }

    /// The run at this place failed for this reason, such as `TIMED_OUT`.
    ///
    /// # Panics
    ///
    /// Where it does not hold, or there is no such run.
    #[track_caller]
    pub fn failed_with(&self, place: usize, reason: &str) -> &Self {
        let run = self.runs.get(place);
        let run = run.filter(|run| run.state == RunState::Failed);
        let there = run
            .and_then(|run| run.failure.as_ref())
            .map(Failure::reason);
        self.must(there == Some(reason), || {
            format!("run {place} FAILED with {reason}")
        })
    }

    /// So many attempts at the run at this place have ended.
    ///
    /// # Panics
    ///
    /// Where it does not hold, or there is no such run.
    #[track_caller]
    pub fn attempts(&self, place: usize, attempts: u32) -> &Self {
        let there = self.runs.get(place).map(|run| run.attempts);
        self.must(there == Some(attempts), || {
            format!("run {place} after {attempts} attempts")
        })
    }

    /// The run at this place gave this back.
    ///
    /// # Panics
    ///
    /// Where it does not hold, there is no such run, or the value is no JSON.
    #[track_caller]
    pub fn output(&self, place: usize, value: impl Serialize) -> &Self {
        let wanted = serde_json::to_value(value).expect("what a test compares with is JSON");
        let output = self.runs.get(place).and_then(|run| run.output.as_ref());
        let there = output.and_then(|output| output.parse::<serde_json::Value>().ok());
        self.must(there.as_ref() == Some(&wanted), || {
            format!("run {place} with the output {wanted}")
        })
    }
}

impl fmt::Display for BatchCheck {
    /// The batch in one line, and below it each run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is {}: {}",
            self.batch.id, self.batch.state, self.batch
        )?;
        for (place, run) in self.runs.iter().enumerate().take(MOST_RUNS) {
            write!(
                f,
                "\n  run {place} {} after {} attempts",
                run.state, run.attempts
            )?;
            if let Some(failure) = &run.failure {
                write!(f, ", {failure}")?;
            }
            if let Some(output) = &run.output {
                let text = output.as_json();
                write!(f, ", output {}", &text[..text.floor_char_boundary(80)])?;
            }
        }
        match self.runs.len().saturating_sub(MOST_RUNS) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} runs more"),
        }
    }
}
