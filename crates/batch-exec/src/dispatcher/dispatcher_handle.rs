use std::fmt;
use std::sync::Arc;

use batch_core::engine::Engine;
use batch_core::id::RunId;
use batch_core::storage::StorageError;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::pool::Pool;
use super::stop::Stop;
use super::{DispatcherBuilder, DispatcherError, DispatcherStatus, ProgressWatch};
use crate::executor::RunProgress;
use crate::sink::SinkStatus;

/// Claims the runs of its workflows and executes them until it is shut down.
///
/// # Shutdown
///
/// [`shutdown`](Self::shutdown) stops claiming, gives back what no executor has
/// begun, waits for what runs, then fires the cancellation tokens, and at last
/// drops what is left and gives it back. What is given back counts neither as
/// an attempt nor as an interruption. An executor that ends well after it was
/// told to stop is recorded as done; anything else it says then is dropped and
/// the run given back.
///
/// A dispatcher that is dropped does all that at once and without waiting: its
/// tasks give the claims back in the background if the runtime lives long
/// enough. If it does not, the claims end with their leases, or at once where
/// the store is opened again.
pub struct Dispatcher {
    pool: Arc<Pool>,
    stop: watch::Sender<Stop>,
    supervisor: Option<JoinHandle<()>>,
}

impl Dispatcher {
    pub(super) const fn new(
        pool: Arc<Pool>,
        stop: watch::Sender<Stop>,
        supervisor: JoinHandle<()>,
    ) -> Self {
        Self {
            pool,
            stop,
            supervisor: Some(supervisor),
        }
    }

    /// Gathers what a dispatcher on this engine's storage shall execute.
    pub fn builder(engine: &Engine) -> DispatcherBuilder {
        DispatcherBuilder::new(engine)
    }

    /// What it is doing at this moment.
    #[must_use]
    pub fn status(&self) -> DispatcherStatus {
        self.pool.status()
    }

    /// How its sinks do, by name: how far behind each is, and what failed.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the end of the journal cannot be read.
    ///
    /// # Cancel safety
    ///
    /// A read: dropping it changes nothing.
    pub async fn sinks(&self) -> Result<Vec<SinkStatus>, StorageError> {
        self.pool.sink_status().await
    }

    /// What the executor of a run has reported last with
    /// [`RunContext::progress`](crate::RunContext::progress); `None` where this dispatcher does
    /// not execute the run, or nothing was reported.
    #[must_use]
    pub fn progress(&self, run: RunId) -> Option<RunProgress> {
        let reports = self.pool.held.reports().into_iter();
        let mut of_run = reports.filter(|report| report.run == run);
        of_run.next().map(|report| report.progress)
    }

    /// Follows what executors report of the runs that they are at.
    #[must_use]
    pub fn watch_progress(&self) -> ProgressWatch {
        self.pool.held.watch()
    }

    /// Waits until the dispatcher or one of its sinks fails for good, and says why.
    ///
    /// Pending for as long as all is well.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call gives the same failure.
    pub async fn failed(&self) -> DispatcherError {
        let mut failures = self.pool.failures();
        loop {
            if let Some(error) = failures.borrow_and_update().clone() {
                return error;
            }
            if failures.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Begins a shutdown without waiting for it: no more runs are claimed from now on.
    pub fn begin_shutdown(&self) {
        self.tell(Stop::Gracefully);
    }

    /// Stops claiming, lets executors end within the grace, and gives back the rest.
    ///
    /// # Errors
    ///
    /// The first [`DispatcherError`] since the start. The dispatcher has stopped all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the dispatcher: what still runs is dropped and
    /// given back in the background.
    pub async fn shutdown(self) -> Result<(), DispatcherError> {
        self.stopped(Stop::Gracefully).await
    }

    /// Drops what runs and gives it back, without waiting for executors or sinks.
    ///
    /// # Errors
    ///
    /// The first [`DispatcherError`] since the start. The dispatcher has stopped all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not undo it.
    pub async fn shutdown_now(self) -> Result<(), DispatcherError> {
        self.stopped(Stop::Now).await
    }

    async fn stopped(mut self, how: Stop) -> Result<(), DispatcherError> {
        self.tell(how);
        if let Some(supervisor) = &mut self.supervisor
            && let Err(error) = supervisor.await
        {
            let (task, message) = ("supervisor", error.to_string());
            return Err(DispatcherError::Defect { task, message });
        }
        self.pool.failures().borrow().clone().map_or(Ok(()), Err)
    }

    fn tell(&self, how: Stop) {
        self.stop.send_if_modified(|stop| {
            let further = how > *stop;
            *stop = how.max(*stop);
            further
        });
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.tell(Stop::Now);
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
