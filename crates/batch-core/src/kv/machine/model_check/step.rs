use std::fmt;

use crate::run::Verdict;

/// One step of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Somebody asks something of the store.
    Do(Deed, Ending),
    /// As much time passes as a lease has.
    Pass,
    /// The process dies between two commits, and the store is opened again.
    Die,
}

/// What is asked of the store. Runs are named by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Deed {
    Submit,
    /// Free workers claim so many runs at most.
    Claim(u32),
    Settle(u32, How),
    /// All claims in hand are settled as processed, in one call.
    SettleAll,
    /// A worker who has lost its claim renews and settles all the same.
    SettleLate(u32),
    /// All workers renew their claims.
    Renew,
    CancelRun(u32),
    CancelBatch,
    /// A person answers, whether or not the run is in review.
    Review(u32, Verdict),
    /// The sink reads on and sends what it reads.
    Send,
    /// The sink moves its durable cursor.
    Mark,
}

/// How a worker settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum How {
    Processed,
    Failed,
    Retry,
    Released,
    NeedsReview,
}

impl How {
    /// Those that no person is needed for.
    pub(super) const ALL: [Self; 4] = [Self::Processed, Self::Failed, Self::Retry, Self::Released];
}

/// What becomes of a deed's commit and of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ending {
    /// It is durable, and the answer arrives.
    Answered,
    /// The commit fails and has written nothing; the process dies.
    Lost,
    /// The commit fails and has written everything; the process dies.
    Kept,
    /// The process dies between the two commits of a broken variant.
    Torn,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(deed, ending) => write!(f, "{deed}{ending}"),
            Self::Pass => f.write_str("30 s pass"),
            Self::Die => f.write_str("the process dies; the store is opened again"),
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submit => f.write_str("the client submits, and may not hear the answer"),
            Self::Claim(1) => f.write_str("a worker claims a run"),
            Self::Claim(most) => write!(f, "{most} workers claim a run each"),
            Self::Settle(run, how) => write!(f, "the worker of run {run} settles it as {how}"),
            Self::SettleAll => f.write_str("all workers settle as processed"),
            Self::SettleLate(run) => write!(f, "a late worker settles run {run} as processed"),
            Self::Renew => f.write_str("all workers renew their claims"),
            Self::CancelRun(run) => write!(f, "run {run} is cancelled"),
            Self::CancelBatch => f.write_str("the batch is cancelled"),
            Self::Review(run, verdict) => write!(f, "run {run} is {verdict} by a person"),
            Self::Send => f.write_str("the sink reads on and sends"),
            Self::Mark => f.write_str("the sink moves its cursor"),
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::Retry => "failed, to be tried again",
            Self::Released => "given back",
            Self::NeedsReview => "in need of review",
        })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "",
            Self::Lost => "; the process dies before the commit",
            Self::Kept => "; the process dies after the commit, before the answer",
            Self::Torn => "; the process dies between the two commits",
        })
    }
}
