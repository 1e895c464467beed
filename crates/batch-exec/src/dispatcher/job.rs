use std::sync::Arc;

use tokio::time::Instant;

use super::route::Route;
use crate::executor::RunContext;

/// A claimed run on its way to a worker. The claim itself stays with [`HeldRuns`](super::held_runs::HeldRuns).
#[derive(Debug)]
pub(super) struct Job {
    pub(super) run: RunContext,
    pub(super) route: Arc<Route>,
    /// Since when it waits for a worker.
    pub(super) ready_since: Instant,
}
