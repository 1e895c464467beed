use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use batch_core::id::RunId;
use batch_core::run::Attempt;
use parking_lot::Mutex;

use super::Script;
use crate::executor::{Executor, ExecutorError, Outcome, RunContext};

/// An executor that does as it is told. Clones share their calls.
///
/// ```
/// use batch_exec::testing::{Script, ScriptedExecutor};
///
/// let executor = ScriptedExecutor::new(Script::Ok)
///     .on(3, Script::FailTimes(2))
///     .on(7, Script::Hang);
/// assert!(executor.calls().is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct ScriptedExecutor {
    script: Script,
    exceptions: BTreeMap<u32, Script>,
    calls: Arc<Mutex<Vec<ScriptedCall>>>,
}

/// One attempt that a [`ScriptedExecutor`] was asked to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptedCall {
    /// The run.
    pub run: RunId,
    /// Which try it was.
    pub attempt: Attempt,
}

impl ScriptedExecutor {
    /// Does the same with every run.
    #[must_use]
    pub fn new(script: Script) -> Self {
        Self {
            script,
            exceptions: BTreeMap::new(),
            calls: Arc::default(),
        }
    }

    /// Does something else with the runs at this place of their batch, from 0.
    #[must_use]
    pub fn on(mut self, place: u32, script: Script) -> Self {
        self.exceptions.insert(place, script);
        self
    }

    /// The attempts it was asked to make, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<ScriptedCall> {
        self.calls.lock().clone()
    }
}

#[async_trait]
impl Executor for ScriptedExecutor {
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        let (id, attempt) = (run.id(), run.attempt());
        self.calls.lock().push(ScriptedCall { run: id, attempt });
        let script = self.exceptions.get(&id.ordinal().get());
        match script.unwrap_or(&self.script) {
            Script::Ok => Ok(Outcome::done_without_output()),
            Script::OkWith(value) => Ok(Outcome::done(value)),
            Script::FailTimes(times) if attempt.get() <= *times => {
                Err(format!("attempt {attempt} fails by its script").into())
            }
            Script::FailTimes(_) => Ok(Outcome::done_without_output()),
            Script::SnoozeTimes { times, after } if run.snoozes() < *times => {
                Ok(Outcome::snooze(*after))
            }
            Script::SnoozeTimes { .. } => Ok(Outcome::done_without_output()),
            Script::FailForGood(reason) => Ok(Outcome::fail(reason, "fails by its script")),
            Script::NeedsReview(note) => Ok(Outcome::needs_review(note)),
            Script::Hang => {
                run.cancellation().cancelled().await;
                Err("stopped when it was told to".into())
            }
            // Unlike a panic it calls no hook: what is planned is not printed.
            Script::Panic(message) => std::panic::resume_unwind(Box::new(message.clone())),
        }
    }
}
