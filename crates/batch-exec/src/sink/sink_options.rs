use std::time::Duration;

use batch_core::storage::SinkStart;

use super::EventFilter;

/// Which events a sink receives, and from where on.
///
/// ```
/// use batch_exec::SinkStart;
/// use batch_exec::sink::{EventFilter, SinkOptions};
///
/// let options = SinkOptions::starting(SinkStart::Now)
///     .events(EventFilter::only(["run.failed", "batch.*"]))
///     .workflows(["invoices"]);
/// # drop(options);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SinkOptions {
    /// Where it begins if the store does not know its name yet. With the oldest entry.
    pub start: SinkStart,
    /// Of which names. All.
    pub events: EventFilter,
    /// Of which workflows. All.
    pub workflows: WorkflowFilter,
    /// How often it hears of each batch how far it is (`batch.progress`), at most. Never.
    ///
    /// Where it is 0, a tenth of a second.
    pub progress_every: Option<Duration>,
}

/// Of which workflows a sink receives events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WorkflowFilter {
    /// Of all.
    #[default]
    All,
    /// Of those with these names.
    Only(Vec<String>),
}

impl SinkOptions {
    /// All events, from where it says.
    #[must_use]
    pub fn starting(start: SinkStart) -> Self {
        Self {
            start,
            ..Self::default()
        }
    }

    /// Sets which events it receives. It is never told that it missed others.
    #[must_use]
    pub fn events(mut self, filter: EventFilter) -> Self {
        self.events = filter;
        self
    }

    /// Lets it hear how far each batch is, while runs of it end: `batch.progress`, at most so
    /// often for each batch.
    #[must_use]
    pub const fn progress_every(mut self, interval: Duration) -> Self {
        self.progress_every = Some(interval);
        self
    }

    /// Sets of which workflows it receives events.
    #[must_use]
    pub fn workflows<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.workflows = WorkflowFilter::Only(names.into_iter().map(Into::into).collect());
        self
    }
}
