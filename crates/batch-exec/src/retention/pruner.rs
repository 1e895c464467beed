use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::Engine;
use batch_core::storage::{ErrorKind, PruneRequest, Pruned, StorageError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{PrunerStatus, Retention};
use crate::retry::Backoff;

/// How long it rests between two writes, so that others get theirs in between.
const REST: Duration = Duration::from_millis(5);

/// Deletes finished batches and journal entries in the background once they are old enough.
///
/// It goes over the store again and again, in writes of a bounded size. It never deletes what a
/// sink has not passed, and never a batch with a run that has not ended. A call that fails is
/// tried again, after 1 s at first and 5 min at most; [`status`](Self::status) says so. One that
/// is dropped stops.
///
/// One pruner a store is enough, and more do no harm.
///
/// ```
/// # use batch_core::{engine::Engine, memory::MemoryStorage};
/// use std::time::Duration;
/// use batch_exec::{Pruner, Retention};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let engine = Engine::open(MemoryStorage::new()).await?;
/// let week = Duration::from_secs(7 * 24 * 60 * 60);
/// let retention = Retention::default().succeeded(week).with_failures(4 * week);
/// let pruner = Pruner::start(&engine, retention);
/// // ...
/// pruner.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a pruner that is dropped stops"]
pub struct Pruner {
    stop: CancellationToken,
    status: watch::Receiver<PrunerStatus>,
    task: Option<JoinHandle<()>>,
}

impl Pruner {
    /// Begins to work at once. With a [`Retention`] that keeps everything it does nothing.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(engine: &Engine, retention: Retention) -> Self {
        let stop = CancellationToken::new();
        let (tell, status) = watch::channel(PrunerStatus::default());
        let work = Work {
            engine: engine.clone(),
            retention,
            tell: Arc::new(tell),
        };
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            stopped.run_until_cancelled(work.run()).await;
        });
        Self {
            stop,
            status,
            task: Some(task),
        }
    }

    /// What it has done so far, and how it fares.
    #[must_use]
    pub fn status(&self) -> PrunerStatus {
        self.status.borrow().clone()
    }

    /// Stops it, and waits until it has stopped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not undo it.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // Its end is all there is to wait for; a panic has been reported where it was.
            drop(task.await);
        }
    }
}

impl Drop for Pruner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What the task of a pruner works with.
struct Work {
    engine: Engine,
    retention: Retention,
    tell: Arc<watch::Sender<PrunerStatus>>,
}

impl Work {
    /// Goes over the store until it is closed.
    async fn run(self) {
        let mut backoff = Backoff::of_pruner();
        loop {
            let now = self.engine.clock().now().wall;
            for request in self.retention.requests(now) {
                if self.pass(request, &mut backoff).await.is_err() {
                    return;
                }
            }
            self.tell.send_modify(|status| status.passes += 1);
            sleep(self.retention.every).await;
        }
    }

    /// Prunes until nothing is left to; an error says that the store is closed.
    async fn pass(
        &self,
        mut request: PruneRequest,
        backoff: &mut Backoff,
    ) -> Result<(), StorageError> {
        loop {
            match self.engine.prune(request).await {
                Ok(pruned) => {
                    backoff.succeeded();
                    self.note(pruned);
                    request.after = pruned.next;
                    if pruned.is_done() {
                        return Ok(());
                    }
                    sleep(REST).await;
                }
                Err(error) => {
                    let wait = backoff.failed();
                    self.note_failure(&error, backoff.failures());
                    if error.kind() == ErrorKind::Closed {
                        return Err(error);
                    }
                    tracing::warn!(%error, ?wait, "could not prune, trying again");
                    sleep(wait).await;
                }
            }
        }
    }

    fn note(&self, pruned: Pruned) {
        self.tell.send_modify(|status| {
            status.batches += u64::from(pruned.batches);
            status.entries += pruned.entries;
            status.failures = 0;
            status.last_error = None;
        });
    }

    fn note_failure(&self, error: &StorageError, failures: u32) {
        self.tell.send_modify(|status| {
            status.failures = failures;
            status.last_error = Some(error.to_string());
        });
    }
}
