use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use batch_core::batch::{Batch, Flow, Submission};
use batch_core::catalogue::Workflow;
use batch_core::id::{BatchId, RunId, SinkName, SubmissionId, WorkflowId};
use batch_core::journal::Sequence;
use batch_core::ordinal::OrdinalSet;
use batch_core::run::{Run, Step, Steps};
use batch_core::storage::{
    BatchQuery, CancelReply, CancelTarget, ClaimKey, ClaimRequest, Claimed, DeleteReply,
    DeleteTarget, Description, FlowReply, InsertReply, JournalPage, NewBatch, Page, PageRequest,
    PruneRequest, Pruned, Renewal, ReviewReply, ReviewRequest, RunQuery, Settled, Settlement,
    SinkCursor, SinkStart, StepReply, Storage, StorageError, UpdateReply, WorkflowChange,
    WorkflowReply,
};
use batch_core::valid::{ValidInput, ValidUpdate};
use tokio::time::Instant;

use crate::meter::{self, Metric};

/// A store whose calls are timed and whose batches are counted.
///
/// It changes nothing of what the store does. Open the engine on it, and everything that
/// the engine and its dispatchers ask of the store is measured.
#[derive(Debug)]
pub struct MeteredStorage {
    inner: Arc<dyn Storage>,
}

type Answer<T> = Result<T, StorageError>;

impl MeteredStorage {
    /// Measures a store.
    #[must_use]
    pub fn over(inner: Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Self { inner })
    }

    async fn timed<R: Send>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Answer<R>> + Send,
    ) -> Answer<R> {
        let asked = Instant::now();
        let answer = call.await;
        let labels = [
            ("backend", Some(self.inner.description().backend)),
            ("operation", Some(operation)),
            ("outcome", Some(if answer.is_ok() { "ok" } else { "error" })),
        ];
        meter::observe(Metric::StoreOperationDuration, &labels, asked.elapsed());
        answer
    }
}

#[async_trait]
impl Storage for MeteredStorage {
    fn description(&self) -> Description {
        self.inner.description()
    }

    async fn insert(&self, batch: NewBatch) -> Answer<InsertReply> {
        let reply = self.timed("insert", self.inner.insert(batch)).await;
        if let Ok(InsertReply::Stored) = reply {
            meter::count(Metric::BatchesSubmitted, &[], 1);
        }
        reply
    }

    async fn claim(&self, request: ClaimRequest) -> Answer<Claimed> {
        let waits = !request.patience.is_zero();
        let call = self.inner.claim(request);
        match waits {
            // Its time says how long there was nothing to do, and nothing of the store.
            true => call.await,
            false => self.timed("claim", call).await,
        }
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Answer<Vec<Settled>> {
        let call = self.inner.settle(settlements);
        self.timed("settle", call).await
    }

    async fn renew(&self, claims: Vec<ClaimKey>, lease: Duration) -> Answer<Vec<Renewal>> {
        let call = self.inner.renew(claims, lease);
        self.timed("renew", call).await
    }

    async fn record_step(&self, claim: ClaimKey, step: Step) -> Answer<StepReply> {
        let call = self.inner.record_step(claim, step);
        self.timed("record_step", call).await
    }

    async fn steps(&self, run: RunId) -> Answer<Steps> {
        let call = self.inner.steps(run);
        self.timed("steps", call).await
    }

    async fn cancel(&self, target: CancelTarget) -> Answer<CancelReply> {
        let call = self.inner.cancel(target);
        self.timed("cancel", call).await
    }

    async fn set_flow(&self, batch: BatchId, flow: Flow) -> Answer<FlowReply> {
        let call = self.inner.set_flow(batch, flow);
        self.timed("set_flow", call).await
    }

    async fn review(&self, requests: Vec<ReviewRequest>) -> Answer<Vec<ReviewReply>> {
        let call = self.inner.review(requests);
        self.timed("review", call).await
    }

    async fn batch(&self, id: BatchId) -> Answer<Option<Batch>> {
        let call = self.inner.batch(id);
        self.timed("batch", call).await
    }

    async fn batches(&self, query: BatchQuery) -> Answer<Page<Batch>> {
        let call = self.inner.batches(query);
        self.timed("batches", call).await
    }

    async fn submission(&self, id: SubmissionId) -> Answer<Option<Submission>> {
        let call = self.inner.submission(id);
        self.timed("submission", call).await
    }

    async fn run(&self, id: RunId) -> Answer<Option<Run>> {
        let call = self.inner.run(id);
        self.timed("run", call).await
    }

    async fn runs(&self, query: RunQuery) -> Answer<Page<Run>> {
        let call = self.inner.runs(query);
        self.timed("runs", call).await
    }

    async fn inputs(&self, batch: BatchId, ordinals: OrdinalSet) -> Answer<Vec<ValidInput>> {
        let call = self.inner.inputs(batch, ordinals);
        self.timed("inputs", call).await
    }

    async fn journal(&self, after: Sequence, limit: NonZeroU32) -> Answer<JournalPage> {
        let call = self.inner.journal(after, limit);
        self.timed("journal", call).await
    }

    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Answer<Sequence> {
        let call = self.inner.open_sink(sink, start);
        self.timed("open_sink", call).await
    }

    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Answer<()> {
        let call = self.inner.advance_sink(sink, to);
        self.timed("advance_sink", call).await
    }

    async fn remove_sink(&self, sink: SinkName) -> Answer<()> {
        let call = self.inner.remove_sink(sink);
        self.timed("remove_sink", call).await
    }

    async fn sinks(&self) -> Answer<Vec<SinkCursor>> {
        let call = self.inner.sinks();
        self.timed("sinks", call).await
    }

    async fn change_workflow(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Answer<WorkflowReply> {
        let call = self.inner.change_workflow(id, change);
        self.timed("change_workflow", call).await
    }

    async fn workflow(&self, id: WorkflowId) -> Answer<Option<Workflow>> {
        let call = self.inner.workflow(id);
        self.timed("workflow", call).await
    }

    async fn workflows(&self, page: PageRequest) -> Answer<Page<Workflow>> {
        let call = self.inner.workflows(page);
        self.timed("workflows", call).await
    }

    async fn delete(&self, target: DeleteTarget) -> Answer<DeleteReply> {
        let call = self.inner.delete(target);
        self.timed("delete", call).await
    }

    async fn update_run(&self, run: RunId, update: ValidUpdate) -> Answer<UpdateReply> {
        let call = self.inner.update_run(run, update);
        self.timed("update_run", call).await
    }

    async fn prune(&self, request: PruneRequest) -> Answer<Pruned> {
        let call = self.inner.prune(request);
        self.timed("prune", call).await
    }

    async fn wait(&self, after: Sequence) -> Answer<Sequence> {
        self.inner.wait(after).await
    }

    async fn close(&self) -> Answer<()> {
        let call = self.inner.close();
        self.timed("close", call).await
    }
}
