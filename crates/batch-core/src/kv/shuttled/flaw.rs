use std::cell::Cell;

thread_local! {
    /// Shuttle's threads are all of one real thread, so this is of one test.
    static FLAW: Cell<Flaw> = const { Cell::new(Flaw::None) };
}

/// What is wrong with the channel, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// What is queued stays when the receiver goes.
    KeepsWhatIsQueued,
    /// What is queued when the last sender goes is lost.
    LosesWhatIsQueued,
}

impl Flaw {
    /// From here on channels of this test are like this.
    pub(super) fn spread(self) {
        FLAW.set(self);
    }

    /// Whether channels of this test are like this.
    pub(super) fn is_here(self) -> bool {
        FLAW.get() == self
    }
}
