use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::engine::Engine;
use batch_core::id::{BatchId, RunId};
use batch_core::kv::KvOptions;
use batch_core::memory::MemoryStorage;
use batch_core::ordinal::Ordinal;
use batch_core::request::Input;
use batch_core::run::Run;
use batch_core::storage::Storage;
use batch_core::time::{Clock, ManualClock, Moment};
use tokio::time::Instant;

use batch_exec::dispatcher::{Dispatcher, DispatcherBuilder};

/// A store in memory whose clock follows the test's own time.
#[derive(Debug, Clone)]
pub(super) struct Yard {
    pub(super) engine: Engine,
}

/// Follows the time of tokio, which a test pauses.
#[derive(Debug)]
struct TokioClock {
    start: Instant,
    wall: Moment,
}

impl Clock for TokioClock {
    fn now(&self) -> Moment {
        let uptime = self.start.elapsed();
        let clock = ManualClock::new(self.wall.wall);
        clock.advance(uptime);
        clock.now()
    }
}

impl Yard {
    pub(super) async fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock {
            start: Instant::now(),
            wall: ManualClock::default().now(),
        });
        let mut options = KvOptions::default();
        options.clock = Arc::clone(&clock);
        let storage = Arc::new(MemoryStorage::with_options(options));
        Self::over(storage, clock).await
    }

    /// The same store behind another face.
    pub(super) async fn behind(&self, storage: Arc<dyn Storage>) -> Self {
        Self::over(storage, Arc::clone(self.engine.clock())).await
    }

    async fn over(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        let builder = Engine::builder().clock(clock);
        let engine = builder.open_shared(storage).await.unwrap();
        Self { engine }
    }

    pub(super) fn dispatcher(&self) -> DispatcherBuilder {
        Dispatcher::builder(&self.engine)
    }

    pub(super) fn storage(&self) -> &Arc<dyn Storage> {
        self.engine.storage()
    }

    /// Submits a batch of so many texts: `text 0`, `text 1`, …
    pub(super) async fn submit(&self, workflow: &str, inputs: usize) -> BatchId {
        let inputs = (0..inputs).map(|n| Input::text(format!("text {n}")));
        self.submit_inputs(workflow, inputs).await
    }

    pub(super) async fn submit_inputs(
        &self,
        workflow: &str,
        inputs: impl IntoIterator<Item = Input>,
    ) -> BatchId {
        let id = workflow.parse().unwrap();
        self.engine.ensure_deployed(id).await.unwrap();
        self.engine.submit(workflow, inputs).await.unwrap().id()
    }

    pub(super) async fn batch(&self, id: BatchId) -> Batch {
        self.engine.batch(id).await.unwrap().unwrap()
    }

    pub(super) async fn run(&self, batch: BatchId, ordinal: u32) -> Run {
        let id = RunId::new(batch, Ordinal::new(ordinal));
        self.engine.run(id).await.unwrap().unwrap()
    }

    pub(super) async fn cancel(&self, batch: BatchId) {
        self.engine.cancel_batch(batch).await.unwrap();
    }

    /// Waits until every run of a batch has ended; an hour at most.
    pub(super) async fn finished(&self, id: BatchId) -> Batch {
        self.until(id, Batch::is_finished).await
    }

    /// Waits until a batch is as wanted; an hour at most.
    pub(super) async fn until(&self, id: BatchId, wanted: impl Fn(&Batch) -> bool) -> Batch {
        let watching = async {
            let mut watch = self.engine.batch_handle(id).watch();
            while let Some(batch) = watch.next().await.unwrap() {
                if wanted(&batch) {
                    return batch;
                }
            }
            panic!("the batch ended otherwise");
        };
        let hour = Duration::from_secs(3_600);
        tokio::time::timeout(hour, watching).await.unwrap()
    }
}
