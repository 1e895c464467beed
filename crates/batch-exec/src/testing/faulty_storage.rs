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
    DeleteTarget, Description, ErrorKind, FlowReply, InsertReply, JournalPage, NewBatch, Page,
    PageRequest, PruneRequest, Pruned, Renewal, ReviewReply, ReviewRequest, RunQuery, Settled,
    Settlement, SinkCursor, SinkStart, StepReply, Storage, StorageError, UpdateReply,
    WorkflowChange, WorkflowReply,
};
use batch_core::time::ManualClock;
use batch_core::valid::{ValidInput, ValidUpdate};
use parking_lot::Mutex;

use super::test_engine_builder::in_memory;
use super::{Fault, StorageCall, StorageMethod, When};

/// A store whose calls fail, or stay in doubt, where a test wants it.
///
/// ```
/// use batch_core::time::ManualClock;
/// use batch_exec::testing::{Fault, FaultyStorage, StorageMethod, TestEngine, When};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::default();
/// let store = FaultyStorage::in_memory(&clock);
/// store.plan(When::next(StorageMethod::Insert), Fault::InDoubtDone);
/// let test = TestEngine::builder().storage(std::sync::Arc::clone(&store) as _, clock).open().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FaultyStorage {
    inner: Arc<dyn Storage>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<StorageCall>,
    plan: Vec<Planned>,
    refuses: bool,
}

#[derive(Debug)]
struct Planned {
    when: When,
    fault: Fault,
}

type Answer<T> = Result<T, StorageError>;

impl FaultyStorage {
    /// Puts faults over a store.
    #[must_use]
    pub fn over(inner: Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            state: Mutex::default(),
        })
    }

    /// Puts faults over a new store in memory that reads the time from this clock.
    #[must_use]
    pub fn in_memory(clock: &ManualClock) -> Arc<Self> {
        Self::over(in_memory(clock))
    }

    /// Plans a fault, which strikes once. Where two would strike one call, the older one does.
    pub fn plan(&self, when: When, fault: Fault) {
        self.state.lock().plan.push(Planned { when, fault });
    }

    /// How many planned faults have not struck.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.state.lock().plan.len()
    }

    /// The calls so far, in order. Waiting for news is among them.
    #[must_use]
    pub fn calls(&self) -> Vec<StorageCall> {
        self.state.lock().calls.clone()
    }

    /// Takes writes again after a write in doubt, as a store does that was opened again.
    ///
    /// Claims that are held stay held until their leases run out.
    pub fn reopened(&self) {
        self.state.lock().refuses = false;
    }

    /// Notes a call; the fault that strikes it.
    fn strike(&self, method: StorageMethod) -> Option<Fault> {
        let state = &mut *self.state.lock();
        let number = state.calls.len() as u64 + 1;
        let call = StorageCall { number, method };
        state.calls.push(call);
        if state.refuses && method.writes() {
            return Some(Fault::Fails(ErrorKind::Refusing));
        }
        let at = state.plan.iter_mut().position(|p| p.when.strikes(&call))?;
        let fault = state.plan.remove(at).fault;
        state.refuses |= fault != Fault::Fails(ErrorKind::Transient) && method.writes();
        Some(fault)
    }

    async fn call<R: Send>(
        &self,
        method: StorageMethod,
        operation: impl Future<Output = Answer<R>> + Send,
    ) -> Answer<R> {
        let error = |kind| StorageError::new(kind, format!("{method:?}, as the test planned"));
        match self.strike(method) {
            None => operation.await,
            Some(Fault::Fails(kind)) => Err(error(kind)),
            Some(Fault::InDoubtNotDone) => Err(error(ErrorKind::InDoubt)),
            Some(Fault::InDoubtDone) => {
                operation.await?;
                Err(error(ErrorKind::InDoubt))
            }
        }
    }
}

#[async_trait]
impl Storage for FaultyStorage {
    fn description(&self) -> Description {
        self.inner.description()
    }

    async fn insert(&self, batch: NewBatch) -> Answer<InsertReply> {
        let call = self.inner.insert(batch);
        self.call(StorageMethod::Insert, call).await
    }

    async fn claim(&self, request: ClaimRequest) -> Answer<Claimed> {
        let call = self.inner.claim(request);
        self.call(StorageMethod::Claim, call).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Answer<Vec<Settled>> {
        let call = self.inner.settle(settlements);
        self.call(StorageMethod::Settle, call).await
    }

    async fn renew(&self, claims: Vec<ClaimKey>, lease: Duration) -> Answer<Vec<Renewal>> {
        let call = self.inner.renew(claims, lease);
        self.call(StorageMethod::Renew, call).await
    }

    async fn record_step(&self, claim: ClaimKey, step: Step) -> Answer<StepReply> {
        let call = self.inner.record_step(claim, step);
        self.call(StorageMethod::RecordStep, call).await
    }

    async fn steps(&self, run: RunId) -> Answer<Steps> {
        let call = self.inner.steps(run);
        self.call(StorageMethod::Steps, call).await
    }

    async fn cancel(&self, target: CancelTarget) -> Answer<CancelReply> {
        let call = self.inner.cancel(target);
        self.call(StorageMethod::Cancel, call).await
    }

    async fn set_flow(&self, batch: BatchId, flow: Flow) -> Answer<FlowReply> {
        let call = self.inner.set_flow(batch, flow);
        self.call(StorageMethod::SetFlow, call).await
    }

    async fn review(&self, requests: Vec<ReviewRequest>) -> Answer<Vec<ReviewReply>> {
        let call = self.inner.review(requests);
        self.call(StorageMethod::Review, call).await
    }

    async fn batch(&self, id: BatchId) -> Answer<Option<Batch>> {
        let call = self.inner.batch(id);
        self.call(StorageMethod::Batch, call).await
    }

    async fn batches(&self, query: BatchQuery) -> Answer<Page<Batch>> {
        let call = self.inner.batches(query);
        self.call(StorageMethod::Batches, call).await
    }

    async fn submission(&self, id: SubmissionId) -> Answer<Option<Submission>> {
        let call = self.inner.submission(id);
        self.call(StorageMethod::Submission, call).await
    }

    async fn run(&self, id: RunId) -> Answer<Option<Run>> {
        let call = self.inner.run(id);
        self.call(StorageMethod::Run, call).await
    }

    async fn runs(&self, query: RunQuery) -> Answer<Page<Run>> {
        let call = self.inner.runs(query);
        self.call(StorageMethod::Runs, call).await
    }

    async fn inputs(&self, batch: BatchId, ordinals: OrdinalSet) -> Answer<Vec<ValidInput>> {
        let call = self.inner.inputs(batch, ordinals);
        self.call(StorageMethod::Inputs, call).await
    }

    async fn journal(&self, after: Sequence, limit: NonZeroU32) -> Answer<JournalPage> {
        let call = self.inner.journal(after, limit);
        self.call(StorageMethod::Journal, call).await
    }

    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Answer<Sequence> {
        let call = self.inner.open_sink(sink, start);
        self.call(StorageMethod::OpenSink, call).await
    }

    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Answer<()> {
        let call = self.inner.advance_sink(sink, to);
        self.call(StorageMethod::AdvanceSink, call).await
    }

    async fn remove_sink(&self, sink: SinkName) -> Answer<()> {
        let call = self.inner.remove_sink(sink);
        self.call(StorageMethod::RemoveSink, call).await
    }

    async fn sinks(&self) -> Answer<Vec<SinkCursor>> {
        let call = self.inner.sinks();
        self.call(StorageMethod::Sinks, call).await
    }

    async fn change_workflow(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Answer<WorkflowReply> {
        let call = self.inner.change_workflow(id, change);
        self.call(StorageMethod::ChangeWorkflow, call).await
    }

    async fn workflow(&self, id: WorkflowId) -> Answer<Option<Workflow>> {
        let call = self.inner.workflow(id);
        self.call(StorageMethod::Workflow, call).await
    }

    async fn workflows(&self, page: PageRequest) -> Answer<Page<Workflow>> {
        let call = self.inner.workflows(page);
        self.call(StorageMethod::Workflows, call).await
    }

    async fn delete(&self, target: DeleteTarget) -> Answer<DeleteReply> {
        let call = self.inner.delete(target);
        self.call(StorageMethod::Delete, call).await
    }

    async fn update_run(&self, run: RunId, update: ValidUpdate) -> Answer<UpdateReply> {
        let call = self.inner.update_run(run, update);
        self.call(StorageMethod::UpdateRun, call).await
    }

    async fn prune(&self, request: PruneRequest) -> Answer<Pruned> {
        let call = self.inner.prune(request);
        self.call(StorageMethod::Prune, call).await
    }

    async fn wait(&self, after: Sequence) -> Answer<Sequence> {
        let call = self.inner.wait(after);
        self.call(StorageMethod::Wait, call).await
    }
    async fn close(&self) -> Answer<()> {
        let call = self.inner.close();
        self.call(StorageMethod::Close, call).await
    }
}
