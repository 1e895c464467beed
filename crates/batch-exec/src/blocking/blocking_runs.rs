use std::sync::Arc;

use batch_core::engine::Runs;
use batch_core::run::Run;
use batch_core::storage::StorageError;

use super::runtime_thread::RuntimeThread;

/// The runs of a batch, in the order of its inputs, read page by page.
///
/// An error may be followed by more runs: the next call reads again where this one failed.
#[derive(Debug)]
#[must_use = "nothing is read before the first call"]
pub struct BlockingRuns {
    runs: Runs,
    runtime: Arc<RuntimeThread>,
}

impl BlockingRuns {
    pub(super) const fn new(runs: Runs, runtime: Arc<RuntimeThread>) -> Self {
        Self { runs, runtime }
    }
}

impl Iterator for BlockingRuns {
    type Item = Result<Run, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.runtime.block_on(self.runs.next()).transpose()
    }
}
