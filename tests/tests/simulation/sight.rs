use std::fmt;

/// Declares the sights, and the list of them all.
macro_rules! sights {
    ($($sight:ident),* $(,)?) => {
        /// Something that is worth having seen: a fault that struck, or a hard corner that was
        /// reached.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub(super) enum Sight {
            $($sight,)*
        }

        const ALL: [Sight; KINDS] = [$(Sight::$sight,)*];

        /// How many kinds of sights there are.
        const KINDS: usize = [$(stringify!($sight)),*].len();
    };
}

sights! {
    Process,
    CommitLost,
    CommitInDoubt,
    DiedBeforeCommit,
    DiedBetweenCommitAndAnswer,
    DiedBetweenSettleAndAnswer,
    DiedWhileOpening,
    DiedAtAnyMoment,
    DiedInAnExecutor,
    DiedBetweenDeliveryAndMark,
    OpeningFailed,
    TransientError,
    StoreStalled,
    ZombieRefused,
    ClaimLost,
    StoppedGracefully,
    StoppedNow,
    DispatcherDropped,
    StoreClosed,
    RunGivenBack,
    RunInterrupted,
    RunRetried,
    RunSnoozed,
    StepRecorded,
    StepNotRepeated,
    SuspectClaimed,
    GrantedInTime,
    RunCrashed,
    RunInReview,
    RunReviewed,
    ExecutorPanicked,
    AttemptTimedOut,
    SubmitReplayed,
    KeyConflict,
    StreamContinued,
    FailedRunsRetried,
    RunCancelledInTime,
    RunAskedToStop,
    BatchCancelled,
    SubmissionCancelled,
    BatchPruned,
    KeyOutlivedItsBatch,
    ClockSetBack,
    ClockSetForward,
    SinkFailed,
    SinkPanicked,
    SinkLagged,
    DeliveredTwice,
    SinkCameLate,
    BatchPaused,
    BatchResumed,
    WorkflowLimited,
    RunUpdated,
    UpdatedRunClaimed,
    RunDeleted,
    BatchDeleted,
    DeleteRefused,
    DeleteFoundNothing,
}

/// How often each was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    seen: [u64; KINDS],
}

impl Default for Tally {
    fn default() -> Self {
        Self { seen: [0; KINDS] }
    }
}

impl Tally {
    pub(super) fn note(&mut self, sight: Sight) {
        self.seen[sight as usize] += 1;
    }

    pub(super) fn of(&self, sight: Sight) -> u64 {
        self.seen[sight as usize]
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.seen.iter_mut().zip(other.seen) {
            *mine += theirs;
        }
    }

    /// What was never seen.
    pub(super) fn unseen(&self) -> Vec<Sight> {
        ALL.into_iter()
            .filter(|sight| self.of(*sight) == 0)
            .collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sight in ALL {
            writeln!(f, "{:>9}  {sight:?}", self.of(sight))?;
        }
        Ok(())
    }
}
