use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use batch_core::batch::Batch;
use batch_core::id::{BatchId, RunId};
use batch_core::run::{Run, RunState};

/// Something a child was told by its store, and reports at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The store is open.
    Opened,
    /// A batch of so many runs is stored under a key.
    Stored(BatchId, usize, String),
    /// A run has ended in this state.
    Ended(RunId, RunState),
    /// A batch was cancelled.
    Cancelled(BatchId),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("opened"),
            Self::Stored(batch, runs, key) => write!(f, "stored {batch} {runs} {key}"),
            Self::Ended(run, state) => write!(f, "ended {run} {state}"),
            Self::Cancelled(batch) => write!(f, "cancelled {batch}"),
        }
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no report");
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["opened"] => Ok(Self::Opened),
            ["stored", batch, runs, key] => Ok(Self::Stored(
                batch.parse().map_err(|_| wrong())?,
                runs.parse().map_err(|_| wrong())?,
                key.to_owned(),
            )),
            ["ended", run, state] => Ok(Self::Ended(
                run.parse().map_err(|_| wrong())?,
                state.parse().map_err(|_| wrong())?,
            )),
            ["cancelled", batch] => Ok(Self::Cancelled(batch.parse().map_err(|_| wrong())?)),
            _ => Err(wrong()),
        }
    }
}

/// Everything that was acknowledged to any child so far.
#[derive(Debug, Default)]
pub struct Acknowledged {
    batches: BTreeMap<BatchId, usize>,
    keys: BTreeMap<String, BatchId>,
    ends: BTreeMap<RunId, RunState>,
    cancelled: Vec<BatchId>,
}

impl Acknowledged {
    /// Takes a report in. A second end of a run, or a second batch under a key, is a lie of the store.
    pub fn take(&mut self, line: &Line) {
        match line {
            Line::Opened => {}
            Line::Stored(batch, runs, key) => {
                self.batches.insert(*batch, *runs);
                let known = self.keys.insert(key.clone(), *batch);
                assert!(known.is_none_or(|k| k == *batch), "two batches under {key}");
            }
            Line::Ended(run, state) => {
                let known = self.ends.insert(*run, *state);
                assert_eq!(known, None, "{run} ended twice");
            }
            Line::Cancelled(batch) => self.cancelled.push(*batch),
        }
    }

    /// How many batches and how many ends were acknowledged.
    #[must_use]
    pub fn summary(&self) -> String {
        format!("{} batches, {} ends", self.batches.len(), self.ends.len())
    }

    /// Checks that a store holds all of it.
    pub fn check(&self, store: &[(Batch, Vec<Run>)]) {
        let held: BTreeMap<BatchId, &(Batch, Vec<Run>)> =
            store.iter().map(|known| (known.0.id, known)).collect();
        for (batch, runs) in &self.batches {
            let Some((_, stored)) = held.get(batch) else {
                panic!("{batch} was acknowledged and is lost");
            };
            assert_eq!(stored.len(), *runs, "{batch} is not whole");
        }
        for (run, state) in &self.ends {
            let stored = held
                .get(&run.batch())
                .and_then(|(_, runs)| runs.get(run.ordinal().get() as usize));
            assert_eq!(
                stored.map(|run| run.state),
                Some(*state),
                "the end of {run}"
            );
        }
        for batch in &self.cancelled {
            let waiting = held[batch].0.counts.pending;
            assert_eq!(waiting, 0, "{batch} was cancelled and has runs waiting");
        }
    }
}
