use std::fmt;
use std::str::FromStr;

use batch_core::id::{BatchId, RunId};
use batch_core::run::RunState;
use batch_core::storage::ClaimToken;

/// Something that a child is about to do, or was told by its store; it reports it at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// What follows is what it was started for.
    Begun,
    /// The store is open.
    Opened,
    /// A batch is going to be stored under a key.
    Submitting(String),
    /// A batch is stored under a key.
    Stored(BatchId, String),
    /// A run was claimed with this token.
    Claimed(RunId, ClaimToken),
    /// The holder of this token has recorded a step of the run.
    Recorded(RunId, ClaimToken),
    /// How the attempt of a claimed run ended is going to be recorded.
    Settling(RunId),
    /// A run has ended in this state.
    Ended(RunId, RunState),
    /// A run waits for a person.
    InReview(RunId),
    /// A run is going to be updated, with this number in its metadata.
    Updating(RunId, u64),
    /// A run was updated so.
    Updated(RunId, u64),
    /// A run that has ended is going to be deleted.
    Deleting(RunId),
    /// A run was deleted.
    Deleted(RunId),
    /// A batch was cancelled.
    Cancelled(BatchId),
    /// A finished batch may be pruned or deleted from now on.
    Pruning(BatchId),
    /// A batch was pruned or deleted.
    Pruned(BatchId),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun => f.write_str("begun"),
            Self::Opened => f.write_str("opened"),
            Self::Submitting(key) => write!(f, "submitting {key}"),
            Self::Stored(batch, key) => write!(f, "stored {batch} {key}"),
            Self::Claimed(run, token) => write!(f, "claimed {run} {}", token.get()),
            Self::Recorded(run, token) => write!(f, "recorded {run} {}", token.get()),
            Self::Settling(run) => write!(f, "settling {run}"),
            Self::Ended(run, state) => write!(f, "ended {run} {state}"),
            Self::InReview(run) => write!(f, "review {run}"),
            Self::Updating(run, tag) => write!(f, "updating {run} {tag}"),
            Self::Updated(run, tag) => write!(f, "updated {run} {tag}"),
            Self::Deleting(run) => write!(f, "deleting {run}"),
            Self::Deleted(run) => write!(f, "deleted {run}"),
            Self::Cancelled(batch) => write!(f, "cancelled {batch}"),
            Self::Pruning(batch) => write!(f, "pruning {batch}"),
            Self::Pruned(batch) => write!(f, "pruned {batch}"),
        }
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no report");
        let batch = |text: &str| text.parse().map_err(|_| wrong());
        let run = |text: &str| text.parse().map_err(|_| wrong());
        let number = |text: &str| text.parse().map_err(|_| wrong());
        let words: Vec<&str> = text.split(' ').collect();
        Ok(match words[..] {
            ["begun"] => Self::Begun,
            ["opened"] => Self::Opened,
            ["submitting", key] => Self::Submitting(key.to_owned()),
            ["stored", id, key] => Self::Stored(batch(id)?, key.to_owned()),
            ["claimed", id, token] => Self::Claimed(run(id)?, ClaimToken::new(number(token)?)),
            ["recorded", id, token] => Self::Recorded(run(id)?, ClaimToken::new(number(token)?)),
            ["settling", id] => Self::Settling(run(id)?),
            ["ended", id, state] => Self::Ended(run(id)?, state.parse().map_err(|_| wrong())?),
            ["review", id] => Self::InReview(run(id)?),
            ["updating", id, tag] => Self::Updating(run(id)?, number(tag)?),
            ["updated", id, tag] => Self::Updated(run(id)?, number(tag)?),
            ["deleting", id] => Self::Deleting(run(id)?),
            ["deleted", id] => Self::Deleted(run(id)?),
            ["cancelled", id] => Self::Cancelled(batch(id)?),
            ["pruning", id] => Self::Pruning(batch(id)?),
            ["pruned", id] => Self::Pruned(batch(id)?),
            _ => return Err(wrong()),
        })
    }
}
