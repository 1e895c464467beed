use std::time::Duration;

/// What this process has done; what others did before it is in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Session {
    /// How many runs ended.
    pub(crate) ended: u64,
    /// How long that took.
    pub(crate) took: Duration,
}

impl Session {
    /// This and what was done after it.
    pub(crate) fn and(self, later: Self) -> Self {
        Self {
            ended: self.ended + later.ended,
            took: self.took + later.took,
        }
    }

    /// Runs that ended in a second; `None` where none has.
    pub(crate) fn rate(&self) -> Option<f64> {
        let seconds = self.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate is shown to a digit")]
        let ended = self.ended as f64;
        (self.ended > 0 && seconds > 0.0).then(|| ended / seconds)
    }
}
