use std::num::NonZeroUsize;
use std::time::Duration;

use super::WorkflowLabel;
use crate::retry::RetryPolicy;

/// How a [`Dispatcher`](super::Dispatcher) works.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispatcherOptions {
    /// How many runs are executed at the same time. 16.
    pub concurrency: NonZeroUsize,
    /// The most runs that are claimed ahead of the workers. 256.
    ///
    /// How many really are follows the work: few while runs are slow, so that
    /// little is held when the process dies, and more the faster they end.
    pub prefetch: usize,
    /// How long an attempt may take unless its workflow says otherwise. No limit.
    pub run_timeout: Option<Duration>,
    /// When failed attempts are followed by another, unless the workflow says otherwise.
    pub retry: RetryPolicy,
    /// How often a run may be snoozed before a snooze fails it for good, unless its workflow
    /// says otherwise. 1,000.
    pub snoozes: u32,
    /// How long a claim lasts unless it is renewed. 30 s.
    pub lease: Duration,
    /// How often claims are renewed. 1 s; never more than a third of the lease.
    ///
    /// The executor of a cancelled run hears of it sooner, from the journal:
    /// within 20 ms or so.
    pub heartbeat: Duration,
    /// How long an executor that was told to stop may take before it is dropped. 5 s.
    pub cancel_grace: Duration,
    /// How long an executor may keep a thread of the runtime, without an `await` that waits,
    /// before a warning says that it blocks it. 5 s.
    pub blocking_after: Duration,
    /// How long an attempt without a time limit may last before a warning says so; another
    /// follows each time that it has lasted twice as long. 1 h.
    pub long_after: Duration,
    /// How often the batches that have not ended are looked over, and the sinks. 15 s.
    pub survey_every: Duration,
    /// How long a sink may have the same events before a warning says so. 1 min.
    pub sink_patience: Duration,
    /// Whether metrics say of which workflow they are. They do not.
    pub workflow_label: WorkflowLabel,
    /// How long a shutdown waits for executors before it tells them to stop. 30 s.
    pub shutdown_grace: Duration,
    /// How long a shutdown then waits for sinks to receive the last events. 5 s.
    pub sink_grace: Duration,
}

impl DispatcherOptions {
    /// How often claims are renewed, the lease considered.
    pub(super) fn heartbeat_every(&self) -> Duration {
        let third = (self.lease / 3).max(Duration::from_millis(1));
        self.heartbeat.clamp(Duration::from_millis(1), third)
    }
}

impl Default for DispatcherOptions {
    fn default() -> Self {
        Self {
            concurrency: NonZeroUsize::MIN.saturating_add(15),
            prefetch: 256,
            run_timeout: None,
            retry: RetryPolicy::default(),
            snoozes: 1_000,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(1),
            cancel_grace: Duration::from_secs(5),
            blocking_after: Duration::from_secs(5),
            long_after: Duration::from_secs(3_600),
            survey_every: Duration::from_secs(15),
            sink_patience: Duration::from_secs(60),
            workflow_label: WorkflowLabel::default(),
            shutdown_grace: Duration::from_secs(30),
            sink_grace: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_renewed_at_least_three_times_a_lease() {
        let mut options = DispatcherOptions::default();
        assert_eq!(options.heartbeat_every().as_secs(), 1);
        options.lease = Duration::from_millis(300);
        assert_eq!(options.heartbeat_every().as_millis(), 100);
        options.lease = Duration::ZERO;
        assert_eq!(options.heartbeat_every().as_millis(), 1);
    }
}
