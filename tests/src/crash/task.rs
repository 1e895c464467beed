use std::fmt;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use batch_core::time::{Clock, ManualClock, SystemClock};

use super::script::{IDLE, day, leave_a_mess, prepare, verb};
use super::{Backend, Line, Worker, random_work};

/// What a child is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Work at random, from a seed, until it is killed.
    Random(u64),
    /// Live through the scripted day.
    Day,
    /// Make a store that the verbs work on.
    Prepare,
    /// Make a store that takes work to open, and die.
    LeaveAMess,
    /// Open a store, or make one, and close it.
    Open,
    /// Do one thing on a prepared store.
    Do(Verb),
}

/// One thing to do on a prepared store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Submit a small batch.
    Submit,
    /// Submit a batch that takes several commits.
    SubmitLarge,
    /// Claim three runs.
    Claim,
    /// Settle three runs, each in another way.
    Settle,
    /// Cancel a batch of which a run is held.
    Cancel,
    /// Prune a batch.
    Prune,
}

impl Verb {
    /// All of them.
    ///
    /// The longest comes first.
    pub const ALL: [Self; 6] = [
        Self::SubmitLarge,
        Self::Submit,
        Self::Claim,
        Self::Settle,
        Self::Cancel,
        Self::Prune,
    ];
}

impl Task {
    /// Does it, reporting on the standard output.
    ///
    /// But for random work the clock stands still, so that the same is written each time.
    pub async fn perform(self, backend: Backend, store: &Path) {
        // A parent that traces this process closes the pipe once it does.
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        let clock: Arc<dyn Clock> = match self {
            Self::Random(_) => Arc::new(SystemClock::default()),
            _ => Arc::new(ManualClock::default()),
        };
        let mut out = std::io::stdout();
        if !matches!(self, Self::Do(_)) {
            use std::io::Write;
            writeln!(out, "{}", Line::Begun).unwrap();
        }
        let mut worker = Worker::open(backend, store, clock, Box::new(out));
        match self {
            Self::Random(seed) => random_work::work(&mut worker, seed, u32::MAX).await,
            Self::Day => day(&mut worker).await,
            Self::Prepare => prepare(&mut worker).await,
            Self::LeaveAMess => leave_a_mess(&mut worker).await,
            Self::Open => std::thread::sleep(IDLE),
            Self::Do(what) => verb(&mut worker, what).await,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random(seed) => write!(f, "random {seed}"),
            Self::Do(verb) => write!(f, "{verb:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(seed) = text.strip_prefix("random ") {
            return Ok(Self::Random(seed.parse().map_err(|_| text.to_owned())?));
        }
        let plain = [Self::Day, Self::Prepare, Self::LeaveAMess, Self::Open];
        let all = plain.into_iter().chain(Verb::ALL.map(Self::Do));
        let mut known = all.filter(|task| task.to_string() == text);
        known.next().ok_or_else(|| format!("{text:?} is no task"))
    }
}
