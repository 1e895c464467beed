use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::id::{BatchId, RunId};
use batch_core::journal::Sequence;
use batch_core::kv::KvOptions;
use batch_core::memory::MemoryStorage;
use batch_core::ordinal::Ordinal;
use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::run::Run;
use batch_core::storage::{CancelTarget, InsertReply, NewBatch, Storage, WorkflowChange};
use batch_core::time::{Clock, ManualClock, Moment};
use batch_core::valid::validate;
use tokio::time::Instant;

use crate::dispatcher::DispatcherBuilder;

/// A store in memory whose clock follows the test's own time.
#[derive(Debug, Clone)]
pub(super) struct Yard {
    pub(super) storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
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
    pub(super) fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock {
            start: Instant::now(),
            wall: ManualClock::default().now(),
        });
        let mut options = KvOptions::default();
        options.clock = Arc::clone(&clock);
        Self {
            storage: Arc::new(MemoryStorage::with_options(options)),
            clock,
        }
    }

    /// The same store behind another face.
    pub(super) fn behind(&self, storage: Arc<dyn Storage>) -> Self {
        let clock = Arc::clone(&self.clock);
        Self { storage, clock }
    }

    pub(super) fn dispatcher(&self) -> DispatcherBuilder {
        DispatcherBuilder::new(Arc::clone(&self.storage), Arc::clone(&self.clock))
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
        let change = WorkflowChange::EnsureDeployed;
        let name = workflow.parse().unwrap();
        self.storage.change_workflow(name, change).await.unwrap();
        let request = BatchRequest::new(workflow).inputs(inputs);
        let content = validate(request, &Limits::default()).unwrap();
        let id = BatchId::generate();
        let reply = self.storage.insert(NewBatch::single(id, content)).await;
        assert_eq!(reply.unwrap(), InsertReply::Stored);
        id
    }

    pub(super) async fn batch(&self, id: BatchId) -> Batch {
        self.storage.batch(id).await.unwrap().unwrap()
    }

    pub(super) async fn run(&self, batch: BatchId, ordinal: u32) -> Run {
        let id = RunId::new(batch, Ordinal::new(ordinal));
        self.storage.run(id).await.unwrap().unwrap()
    }

    pub(super) async fn cancel(&self, batch: BatchId) {
        let target = CancelTarget::Batch(batch);
        self.storage.cancel(target).await.unwrap();
    }

    /// Waits until every run of a batch has ended; an hour at most.
    pub(super) async fn finished(&self, id: BatchId) -> Batch {
        self.until(id, Batch::is_finished).await
    }

    /// Waits until a batch is as wanted; an hour at most.
    pub(super) async fn until(&self, id: BatchId, wanted: impl Fn(&Batch) -> bool) -> Batch {
        let watching = async {
            let mut seen = Sequence::START;
            loop {
                seen = self.storage.wait(seen).await.unwrap();
                let batch = self.batch(id).await;
                if wanted(&batch) {
                    return batch;
                }
            }
        };
        let hour = Duration::from_secs(3_600);
        tokio::time::timeout(hour, watching).await.unwrap()
    }
}
