use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::executor::Executor;
use crate::retry::{FinalFailures, RetryPolicy};

/// Who executes the runs of one workflow, and how.
pub(super) struct Route {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) retry: RetryPolicy,
    pub(super) run_timeout: Option<Duration>,
    pub(super) snoozes: u32,
    pub(super) final_failures: FinalFailures,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("retry", &self.retry)
            .field("run_timeout", &self.run_timeout)
            .finish_non_exhaustive()
    }
}
