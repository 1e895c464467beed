/// What a dispatcher is doing at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DispatcherStatus {
    /// Runs that executors work on.
    pub executing: usize,
    /// Runs that are claimed and wait for a worker.
    pub ready: usize,
    /// Executors that have had their threads for longer than `blocking_after`, without giving
    /// them back once.
    ///
    /// While there are more of them than the runtime has threads, nothing else happens.
    pub blocking: usize,
    /// Workers lost to executors that block their thread past their time limit.
    ///
    /// Anything but zero wants attention: these workers come back only when
    /// their executors do.
    pub blocked: usize,
}
