use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use batch_core::id::StepName;
use batch_core::run::{Step, Steps};
use batch_core::storage::{ClaimKey, StepReply, StorageError};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::{ExecutorError, Reach, RunStop, StepError};
use crate::retry::Backoff;

/// How often a call to the store is tried: for about a second.
const TRIES: u32 = 6;

/// The steps of one claimed run: what earlier attempts have recorded, and where this one does.
///
/// Nothing is read before the first step, and then only where something was recorded.
pub(crate) struct StepBook {
    reach: Arc<Reach>,
    claim: ClaimKey,
    /// How many steps the run had recorded when it was claimed.
    before: u32,
    known: OnceCell<Steps>,
    /// The names of the steps that this attempt is in, or is done with.
    used: Mutex<BTreeSet<StepName>>,
}

/// The use of a name. It is given back where its step comes to nothing.
struct Turn<'a> {
    book: &'a StepBook,
    name: StepName,
    done: bool,
}

impl StepBook {
    pub(crate) fn new(reach: Arc<Reach>, claim: ClaimKey, before: u32) -> Self {
        Self {
            reach,
            claim,
            before,
            known: OnceCell::new(),
            used: Mutex::default(),
        }
    }

    /// Where an attempt reaches beyond its executor.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The claim.
    pub(crate) const fn claim(&self) -> ClaimKey {
        self.claim
    }

    /// Gives what was recorded under this name, or works, records and gives that.
    pub(crate) async fn step<T, F, Fut>(
        &self,
        name: &str,
        stop: &RunStop,
        work: F,
    ) -> Result<T, ExecutorError>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, ExecutorError>>,
    {
        let turn = self.begin(name)?;
        if let Some(step) = self.known(&turn.name).await?.get(&turn.name) {
            return Ok(turn.end(step)?);
        }
        if stop.stops_executor() {
            return Err(StepError::Stopped(turn.name.clone()).into());
        }
        let step = {
            let result = work().await?;
            Step::new(turn.name.clone(), &result).map_err(StepError::Invalid)?
        };
        let kept = self.record(step).await?;
        Ok(turn.end(&kept)?)
    }

    fn begin(&self, name: &str) -> Result<Turn<'_>, StepError> {
        let name = StepName::new(name).map_err(|error| StepError::Invalid(error.into()))?;
        match self.used.lock().insert(name.clone()) {
            true => Ok(Turn {
                book: self,
                name,
                done: false,
            }),
            false => Err(StepError::NameTaken(name)),
        }
    }

    /// What the run had recorded when it was claimed.
    ///
    /// Steps go with the end of a run: where some are gone, somebody else has ended it.
    async fn known(&self, name: &StepName) -> Result<&Steps, StepError> {
        let read = || self.reach.storage.steps(self.claim.run);
        let read = async || match self.before {
            0 => Ok(Steps::default()),
            before => match patiently(read).await.map_err(StepError::Storage)? {
                steps if steps.len() < before as usize => Err(StepError::ClaimLost(name.clone())),
                steps => Ok(steps),
            },
        };
        self.known.get_or_try_init(read).await
    }

    /// Records a step; gives the one that is recorded under its name by then.
    async fn record(&self, step: Step) -> Result<Step, StepError> {
        let record = || self.reach.storage.record_step(self.claim, step.clone());
        let reply = patiently(record).await.map_err(StepError::Storage)?;
        let name = step.name().clone();
        match reply {
            StepReply::Recorded => Ok(step),
            StepReply::Known(first) => Ok(first),
            StepReply::Refused(source) => Err(StepError::Full { name, source }),
            _ => Err(StepError::ClaimLost(name)),
        }
    }
}

impl Turn<'_> {
    /// Reads what the step came to. Its name stays used.
    fn end<T: DeserializeOwned>(mut self, step: &Step) -> Result<T, StepError> {
        self.done = true;
        let name = &self.name;
        step.parse().map_err(|source| StepError::Unreadable {
            name: name.clone(),
            source,
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.book.used.lock().remove(&self.name);
        }
    }
}

impl fmt::Debug for StepBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepBook")
            .field("before", &self.before)
            .field("used", &self.used.lock())
            .finish_non_exhaustive()
    }
}

/// Calls the store again while its errors pass, for about a second.
async fn patiently<R, Fut>(call: impl Fn() -> Fut) -> Result<R, StorageError>
where
    Fut: Future<Output = Result<R, StorageError>>,
{
    let mut backoff = Backoff::of_storage();
    loop {
        match call().await {
            Err(error) if error.is_retryable() && backoff.failures() + 1 < TRIES => {
                let wait = backoff.failed();
                tracing::warn!(%error, ?wait, "could not read or record steps, trying again");
                sleep(wait).await;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests;
