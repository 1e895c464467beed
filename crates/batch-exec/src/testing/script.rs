use std::time::Duration;

use serde_json::Value;

/// What every attempt at a run comes to, in a [`ScriptedExecutor`](super::ScriptedExecutor).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Script {
    /// It is done, with nothing to give back.
    Ok,
    /// It is done, and gives this back.
    OkWith(Value),
    /// The first so many attempts fail, and the next is done.
    FailTimes(u32),
    /// It is put back until later so many times, and is then done.
    SnoozeTimes {
        /// How many times.
        times: u32,
        /// How long each time.
        after: Duration,
    },
    /// The run fails for good with this reason, whatever the retry policy says.
    FailForGood(String),
    /// A person has to look at the run, for this reason.
    NeedsReview(String),
    /// It never ends by itself, and stops when it is told to.
    Hang,
    /// It panics with this message.
    Panic(String),
}
