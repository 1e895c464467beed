/// What is wrong with a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing: the cage must not be what the cases catch.
    None,
    /// One run of a batch is never handed out.
    LosesARun,
    /// Now and then a run is handed to a second claimer.
    ClaimsTwice,
    /// The end of a run is counted twice.
    CountsTwice,
    /// The end of a batch is journalled before that of its last run.
    FinishesEarly,
    /// Whoever settles a held run is believed, whatever the token.
    BelievesStaleTokens,
    /// Renewing says that claims are kept and does nothing.
    RenewsNothing,
    /// Cancelling a batch says that it is cancelled and does nothing.
    ForgetsACancel,
    /// The holder of a cancelled run is not told.
    KeepsACancelToItself,
    /// Each page of a list of runs leaves out its last run.
    SkipsOnPages,
    /// Idempotency keys are gone after opening again.
    ForgetsKeysOnOpening,
    /// What was stored last is gone after opening again.
    AcknowledgesTooSoon,
    /// Tokens begin anew after opening again.
    RestartsTokens,
    /// Pruning deletes batches that still have work.
    PrunesLiveBatches,
    /// Pruning does not look at sinks.
    PrunesPastSinks,
    /// A retry is due at once.
    RetriesAtOnce,
    /// Giving a run back counts an attempt.
    CountsAReleasedAttempt,
    /// Snoozing a run counts an attempt.
    CountsASnoozedAttempt,
    /// Whoever records a step of a held run is believed, whatever the token.
    BelievesStaleSteps,
    /// Steps are recorded and read by nobody.
    ForgetsSteps,
    /// The same key with other content is taken for the same.
    TakesAConflictForAReplay,
    /// The version is looked up again when a run is claimed.
    ResolvesTheVersionLate,
    /// A sink can be moved back.
    MovesSinksBack,
    /// Giving a run back is not in the journal.
    LeavesOutEntries,
    /// Inputs are read with their secrets.
    ShowsSecrets,
    /// Large outputs are dropped.
    DropsLargeOutputs,
    /// A waiter is woken though nothing has happened.
    WakesForNothing,
    /// Pausing a batch says that it is paused and does nothing.
    ForgetsAPause,
    /// Limits of a workflow are set and then not held to.
    IgnoresLimits,
    /// Deleting says that something is deleted and does nothing.
    ForgetsADelete,
    /// Updating says what the run is like and does nothing.
    ForgetsAnUpdate,
    /// Pruning does not look at how batches ended.
    PrunesAnyEnding,
    /// Closing does nothing.
    IgnoresAClose,
    /// A review can be answered anew, and the last answer counts.
    TakesASecondAnswer,
    /// A review of a run that was deleted is answered as if the run were there.
    RemembersDeletedRuns,
    /// A batch that is paused twice over is told resumed though only one pause has ended.
    ResumesTooSoon,
    /// Closing leaves what is held to the next opening, as a death does.
    ClosesLikeADeath,
    /// A claim that waits is never answered.
    ForgetsWhoWaits,
    /// A claim that was dropped while it waited is granted a run.
    GrantsToTheDropped,
}
