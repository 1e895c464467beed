/// What is counted or measured. The feature `metrics` says what each is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "metrics"),
    allow(dead_code, reason = "some are measured with that feature only")
)]
pub(crate) enum Metric {
    BatchesSubmitted,
    RunsFinished,
    RunAttempts,
    RunDuration,
    RunWait,
    Runs,
    OldestPendingRunAge,
    LeasesExpired,
    StoreOperationDuration,
    WebhookDeliveries,
    EventsDropped,
    SinkLag,
    SinkFailures,
    ExecutorBlocks,
    ExecutorsBlocking,
    LongAttempts,
    RunsUnserved,
}
