//! A storage for tests of the engine: it keeps what the engine writes, fails where it is told to,
//! and its runs stand where a test puts them.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::Engine;
use super::fake_page::page;
use crate::batch::{Batch, Extent, Flow, Submission};
use crate::catalogue::{UnknownVersion, Version, Workflow};
use crate::id::{BatchId, IdempotencyKey, RunId, SinkName, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::request::{Limits, Secrets, VersionSelector};
use crate::run::{Run, RunState, Step, Steps};
use crate::storage::{
    BatchQuery, CancelReply, CancelTarget, ClaimKey, ClaimRequest, Claimed, DeleteReply,
    DeleteTarget, Description, Durability, ErrorKind, FlowReply, InsertReply, JournalPage,
    NewBatch, Page, PageRequest, PruneRequest, Pruned, Renewal, ReviewReply, ReviewRequest,
    RunQuery, Settled, Settlement, SinkCursor, SinkStart, StepReply, Storage, StorageError,
    UpdateReply, WorkflowChange, WorkflowReply,
};
use crate::valid::{ValidInput, ValidUpdate};

mod stored;

use stored::{Stored, ordinal};

/// The only workflow it knows.
pub(super) const WORKFLOW: &str = "w";

#[derive(Debug)]
pub(super) struct FakeStorage {
    state: Mutex<State>,
    head: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    stored: BTreeMap<BatchId, Stored>,
    keys: HashMap<(IdempotencyKey, u32), BatchId>,
    newest: u32,
    failure: Option<Failing>,
    batch_reads: u32,
    list_reads: u32,
}

/// What becomes of a batch whose insert is answered with an error.
#[derive(Debug, Clone, Copy)]
pub(super) enum InDoubt {
    /// It was not stored.
    Lost,
    /// It was stored all the same.
    Kept,
}

/// Inserts that still succeed, and what becomes of the one after them.
#[derive(Debug)]
struct Failing {
    after: u32,
    in_doubt: InDoubt,
}

fn version(number: u32) -> Version {
    Version::Number(NonZeroU32::new(number).unwrap())
}

impl FakeStorage {
    pub(super) fn new() -> Arc<Self> {
        let state = State {
            stored: BTreeMap::new(),
            keys: HashMap::new(),
            newest: 1,
            failure: None,
            batch_reads: 0,
            list_reads: 0,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            head: watch::Sender::new(0),
        })
    }

    /// An engine over it whose batches have at most this many inputs.
    pub(super) async fn engine(self: &Arc<Self>, most_inputs: u32) -> Engine {
        let limits = Limits {
            inputs: most_inputs,
            ..Limits::default()
        };
        let storage: Arc<dyn Storage> = Arc::<Self>::clone(self);
        let builder = Engine::builder().limits(limits);
        builder.open_shared(storage).await.unwrap()
    }

    /// The insert after this many more fails, as do all after it; none of them is stored.
    pub(super) fn fail_after(&self, inserts: u32) {
        self.doubt_after(inserts, InDoubt::Lost);
    }

    /// The insert after this many more fails, as do all after it.
    pub(super) fn doubt_after(&self, inserts: u32, in_doubt: InDoubt) {
        let after = inserts;
        self.state.lock().failure = Some(Failing { after, in_doubt });
    }

    pub(super) fn heal(&self) {
        self.state.lock().failure = None;
    }

    pub(super) fn deploy(&self, newest: u32) {
        self.state.lock().newest = newest;
    }

    /// Puts all runs of a batch where the test wants them.
    pub(super) fn put_runs(&self, batch: BatchId, states: &[RunState]) {
        let mut state = self.state.lock();
        let stored = state.stored.get_mut(&batch).unwrap();
        assert_eq!(stored.runs.len(), states.len());
        stored.runs = states.to_vec();
        self.grow();
    }

    /// Puts all runs of a batch into one state.
    pub(super) fn put_all(&self, batch: BatchId, to: RunState) {
        self.state
            .lock()
            .stored
            .get_mut(&batch)
            .unwrap()
            .runs
            .fill(to);
        self.grow();
    }

    /// An entry in the journal that concerns nobody who is tested.
    pub(super) fn grow(&self) {
        self.head.send_modify(|head| *head += 1);
    }

    pub(super) fn forget(&self, batch: BatchId) {
        self.state.lock().stored.remove(&batch);
        self.grow();
    }

    /// What is stored, in the order of parts.
    pub(super) fn stored(&self) -> Vec<NewBatch> {
        let state = self.state.lock();
        state.stored.values().map(|s| s.new.clone()).collect()
    }

    pub(super) fn batch_reads(&self) -> u32 {
        self.state.lock().batch_reads
    }

    pub(super) fn list_reads(&self) -> u32 {
        self.state.lock().list_reads
    }
}

impl State {
    /// How the next insert fails, where it does.
    fn next_failure(&mut self) -> Option<InDoubt> {
        let failure = self.failure.as_mut()?;
        if failure.after == 0 {
            return Some(failure.in_doubt);
        }
        failure.after -= 1;
        None
    }

    fn insert(&mut self, new: NewBatch) -> InsertReply {
        let key = new.content.idempotency_key().cloned();
        let key = key.map(|key| (key, new.part));
        if let Some(id) = key.as_ref().and_then(|key| self.keys.get(key)) {
            let same = self.stored.get(id).is_some_and(|first| {
                let place = |new: &NewBatch| (new.extent, new.retry_of);
                first.new.content == new.content && place(&first.new) == place(&new)
            });
            return if same {
                InsertReply::Replayed(*id)
            } else {
                InsertReply::KeyConflict(*id)
            };
        }
        let workflow = new.content.workflow().clone();
        if workflow.as_str() != WORKFLOW {
            return InsertReply::UnknownWorkflow;
        }
        let selector = new.content.version();
        let version = match selector {
            VersionSelector::Newest => version(self.newest),
            VersionSelector::Number(number) if number.get() <= self.newest => {
                Version::Number(number)
            }
            _ => {
                return InsertReply::UnknownVersion(UnknownVersion {
                    workflow,
                    selector,
                    deployed: self.newest as usize,
                });
            }
        };
        self.keys.extend(key.map(|key| (key, new.id)));
        let stored = Stored {
            runs: vec![RunState::Pending; new.content.inputs().len()],
            version,
            cancelled: false,
            flow: Flow::Going,
            new,
        };
        self.stored.insert(stored.new.id, stored);
        InsertReply::Stored
    }
}

#[async_trait]
impl Storage for FakeStorage {
    fn description(&self) -> Description {
        Description::new("fake", Durability::None)
    }

    async fn insert(&self, batch: NewBatch) -> Result<InsertReply, StorageError> {
        let mut state = self.state.lock();
        let failure = state.next_failure();
        if !matches!(failure, Some(InDoubt::Lost)) {
            let reply = state.insert(batch);
            self.grow();
            if failure.is_none() {
                return Ok(reply);
            }
        }
        Err(StorageError::new(ErrorKind::InDoubt, "store the batch"))
    }

    async fn record_step(&self, _: ClaimKey, _: Step) -> Result<StepReply, StorageError> {
        unreachable!("the engine records no steps")
    }

    async fn steps(&self, _: RunId) -> Result<Steps, StorageError> {
        unreachable!("the engine reads no steps")
    }

    async fn cancel(&self, target: CancelTarget) -> Result<CancelReply, StorageError> {
        let CancelTarget::Batch(id) = target else {
            unreachable!("the engine passes a run through")
        };
        let mut state = self.state.lock();
        let Some(stored) = state.stored.get_mut(&id) else {
            return Ok(CancelReply::NotFound);
        };
        if stored.counts().all_ended() {
            return Ok(CancelReply::BatchFinished);
        }
        stored.cancelled = true;
        let waiting = stored.runs.iter_mut().filter(|run| !run.is_ended());
        waiting.for_each(|run| *run = RunState::Cancelled);
        self.grow();
        Ok(CancelReply::Cancelled)
    }

    async fn review(&self, requests: Vec<ReviewRequest>) -> Result<Vec<ReviewReply>, StorageError> {
        let mut state = self.state.lock();
        let answered = requests.into_iter().map(|request| {
            let stored = state.stored.get_mut(&request.run.batch());
            let place = request.run.ordinal().get() as usize;
            match stored.and_then(|stored| stored.runs.get_mut(place)) {
                None => ReviewReply::NotFound,
                Some(run) if *run == RunState::NeedsReview => {
                    *run = request.verdict.state();
                    ReviewReply::Recorded
                }
                Some(run) if *run == request.verdict.state() => ReviewReply::Repeated,
                Some(run) => ReviewReply::NotInReview(*run),
            }
        });
        Ok(answered.collect())
    }

    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError> {
        let mut state = self.state.lock();
        state.batch_reads += 1;
        Ok(state.stored.get(&id).map(Stored::view))
    }

    async fn batches(&self, query: BatchQuery) -> Result<Page<Batch>, StorageError> {
        let mut state = self.state.lock();
        state.list_reads += 1;
        let mut found: Vec<_> = state.stored.values().map(Stored::view).collect();
        found.retain(|batch| query.submission.is_none_or(|id| batch.submission == id));
        found.sort_by_key(|batch| batch.part);
        Ok(page(found.into_iter(), &query.page))
    }

    async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, StorageError> {
        let state = self.state.lock();
        let parts = state.stored.values().filter(|s| s.new.submission == id);
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() {
            return Ok(None);
        }
        let complete = parts.iter().any(|s| s.new.extent == Extent::Complete);
        Ok(Some(Submission {
            id,
            batches: u32::try_from(parts.len()).unwrap(),
            inputs: parts.iter().map(|s| s.runs.len() as u64).sum(),
            extent: if complete {
                Extent::Complete
            } else {
                Extent::Open
            },
        }))
    }

    async fn run(&self, _: RunId) -> Result<Option<Run>, StorageError> {
        unreachable!("the engine passes it through")
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<Run>, StorageError> {
        let state = self.state.lock();
        let batch = query.batch.and_then(|id| state.stored.get(&id));
        let runs = batch
            .into_iter()
            .flat_map(|stored| (0..stored.runs.len()).map(|place| stored.run(place)))
            .filter(|run| query.state.is_none_or(|wanted| run.state == wanted));
        Ok(page(runs, &query.page))
    }

    async fn inputs(
        &self,
        batch: BatchId,
        ordinals: OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError> {
        let state = self.state.lock();
        let stored = state.stored.get(&batch).into_iter();
        let inputs = stored.flat_map(|s| s.new.content.inputs().iter().enumerate());
        let wanted = inputs.filter(|(place, _)| ordinals.contains(ordinal(*place)));
        let without_secrets = |(_, input): (usize, &ValidInput)| {
            let mut input = input.clone();
            input.set_secrets(Secrets::new());
            input
        };
        Ok(wanted.map(without_secrets).collect())
    }

    async fn wait(&self, after: Sequence) -> Result<Sequence, StorageError> {
        let mut head = self.head.subscribe();
        let grown = head.wait_for(|head| *head > after.get()).await;
        Ok(Sequence::new(*grown.unwrap()))
    }

    async fn claim(&self, _: ClaimRequest) -> Result<Claimed, StorageError> {
        unreachable!("the engine executes nothing")
    }

    async fn set_flow(&self, id: BatchId, flow: Flow) -> Result<FlowReply, StorageError> {
        let mut state = self.state.lock();
        let Some(stored) = state.stored.get_mut(&id) else {
            return Ok(FlowReply::NotFound);
        };
        Ok(match std::mem::replace(&mut stored.flow, flow) == flow {
            true => FlowReply::Unchanged,
            false => FlowReply::Changed,
        })
    }

    async fn settle(&self, _: Vec<Settlement>) -> Result<Vec<Settled>, StorageError> {
        unreachable!("the engine executes nothing")
    }

    async fn renew(&self, _: Vec<ClaimKey>, _: Duration) -> Result<Vec<Renewal>, StorageError> {
        unreachable!("the engine executes nothing")
    }

    async fn journal(&self, _: Sequence, _: NonZeroU32) -> Result<JournalPage, StorageError> {
        unreachable!("the engine delivers nothing")
    }

    async fn open_sink(&self, _: SinkName, _: SinkStart) -> Result<Sequence, StorageError> {
        unreachable!("the engine delivers nothing")
    }

    async fn advance_sink(&self, _: SinkName, _: Sequence) -> Result<(), StorageError> {
        unreachable!("the engine delivers nothing")
    }

    async fn remove_sink(&self, _: SinkName) -> Result<(), StorageError> {
        unreachable!("the engine delivers nothing")
    }

    async fn sinks(&self) -> Result<Vec<SinkCursor>, StorageError> {
        unreachable!("the engine delivers nothing")
    }

    async fn change_workflow(
        &self,
        _: WorkflowId,
        _: WorkflowChange,
    ) -> Result<WorkflowReply, StorageError> {
        unreachable!("the engine passes it through")
    }

    async fn workflow(&self, _: WorkflowId) -> Result<Option<Workflow>, StorageError> {
        unreachable!("the engine passes it through")
    }

    async fn workflows(&self, _: PageRequest) -> Result<Page<Workflow>, StorageError> {
        unreachable!("the engine passes it through")
    }

    async fn delete(&self, _: DeleteTarget) -> Result<DeleteReply, StorageError> {
        unreachable!("the engine passes it through")
    }

    async fn update_run(&self, _: RunId, _: ValidUpdate) -> Result<UpdateReply, StorageError> {
        unreachable!("the engine passes it through")
    }

    async fn prune(&self, _: PruneRequest) -> Result<Pruned, StorageError> {
        unreachable!("the engine passes it through")
    }
    async fn close(&self) -> Result<(), StorageError> {
        unreachable!("the engine passes it through")
    }
}
