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
use batch_core::storage::*;
use batch_core::valid::{ValidInput, ValidUpdate};
use parking_lot::Mutex;

/// A storage that fails when it is told to.
#[derive(Debug)]
pub(super) struct FlakyStorage {
    inner: Arc<dyn Storage>,
    /// What the next calls of each method come to.
    pub(super) faults: Mutex<Vec<Fault>>,
}

/// What one call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Claim(ErrorKind),
    Settle(ErrorKind),
    Renew(ErrorKind),
    Journal(ErrorKind),
    /// The renewal finds every claim lost.
    Lost,
    /// The journal is trimmed up to here.
    Trimmed(Sequence),
    /// No claim waits, whatever its patience.
    Impatient,
}

impl FlakyStorage {
    pub(super) fn new(inner: &Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            faults: Mutex::new(Vec::new()),
        })
    }

    /// Lets one call fail for each of these faults.
    pub(super) fn will(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().extend(faults);
    }

    /// Takes out the first fault of one method.
    fn fault(&self, of: impl Fn(Fault) -> Option<ErrorKind>) -> Result<(), StorageError> {
        let mut faults = self.faults.lock();
        let Some(at) = faults.iter().position(|fault| of(*fault).is_some()) else {
            return Ok(());
        };
        match of(faults.remove(at)) {
            Some(kind) => Err(StorageError::new(kind, "do what the test forbids")),
            None => Ok(()),
        }
    }
}

type Answer<T> = Result<T, StorageError>;

#[async_trait]
impl Storage for FlakyStorage {
    fn description(&self) -> Description {
        let mut description = self.inner.description();
        if self.faults.lock().contains(&Fault::Impatient) {
            description.patient_claims = PatientClaims::Answered;
        }
        description
    }

    async fn insert(&self, batch: NewBatch) -> Answer<InsertReply> {
        self.inner.insert(batch).await
    }

    async fn claim(&self, request: ClaimRequest) -> Answer<Claimed> {
        self.fault(|fault| match fault {
            Fault::Claim(kind) => Some(kind),
            _ => None,
        })?;
        let impatient = self.faults.lock().contains(&Fault::Impatient);
        if impatient && !request.patience.is_zero() {
            panic!("it was said that no claim waits");
        }
        self.inner.claim(request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Answer<Vec<Settled>> {
        self.fault(|fault| match fault {
            Fault::Settle(kind) => Some(kind),
            _ => None,
        })?;
        self.inner.settle(settlements).await
    }

    async fn renew(&self, claims: Vec<ClaimKey>, lease: Duration) -> Answer<Vec<Renewal>> {
        self.fault(|fault| match fault {
            Fault::Renew(kind) => Some(kind),
            _ => None,
        })?;
        if self.faults.lock().contains(&Fault::Lost) {
            return Ok(vec![Renewal::Lost; claims.len()]);
        }
        self.inner.renew(claims, lease).await
    }

    async fn record_step(&self, claim: ClaimKey, step: Step) -> Answer<StepReply> {
        self.inner.record_step(claim, step).await
    }

    async fn steps(&self, run: RunId) -> Answer<Steps> {
        self.inner.steps(run).await
    }

    async fn cancel(&self, target: CancelTarget) -> Answer<CancelReply> {
        self.inner.cancel(target).await
    }

    async fn set_flow(&self, batch: BatchId, flow: Flow) -> Result<FlowReply, StorageError> {
        self.inner.set_flow(batch, flow).await
    }

    async fn review(&self, requests: Vec<ReviewRequest>) -> Answer<Vec<ReviewReply>> {
        self.inner.review(requests).await
    }

    async fn batch(&self, id: BatchId) -> Answer<Option<Batch>> {
        self.inner.batch(id).await
    }

    async fn batches(&self, query: BatchQuery) -> Answer<Page<Batch>> {
        self.inner.batches(query).await
    }

    async fn submission(&self, id: SubmissionId) -> Answer<Option<Submission>> {
        self.inner.submission(id).await
    }

    async fn run(&self, id: RunId) -> Answer<Option<Run>> {
        self.inner.run(id).await
    }

    async fn runs(&self, query: RunQuery) -> Answer<Page<Run>> {
        self.inner.runs(query).await
    }

    async fn inputs(&self, batch: BatchId, ordinals: OrdinalSet) -> Answer<Vec<ValidInput>> {
        self.inner.inputs(batch, ordinals).await
    }

    async fn journal(&self, after: Sequence, limit: NonZeroU32) -> Answer<JournalPage> {
        self.fault(|fault| match fault {
            Fault::Journal(kind) => Some(kind),
            _ => None,
        })?;
        let trimmed = self.faults.lock().iter().find_map(|fault| match fault {
            Fault::Trimmed(last) => Some(*last),
            _ => None,
        });
        let Some(trimmed) = trimmed else {
            return self.inner.journal(after, limit).await;
        };
        let mut page = self.inner.journal(after.max(trimmed), limit).await?;
        page.trimmed = trimmed;
        Ok(page)
    }

    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Answer<Sequence> {
        self.inner.open_sink(sink, start).await
    }

    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Answer<()> {
        self.inner.advance_sink(sink, to).await
    }

    async fn remove_sink(&self, sink: SinkName) -> Answer<()> {
        self.inner.remove_sink(sink).await
    }

    async fn sinks(&self) -> Answer<Vec<SinkCursor>> {
        self.inner.sinks().await
    }

    async fn change_workflow(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Answer<WorkflowReply> {
        self.inner.change_workflow(id, change).await
    }

    async fn workflow(&self, id: WorkflowId) -> Answer<Option<Workflow>> {
        self.inner.workflow(id).await
    }

    async fn workflows(&self, page: PageRequest) -> Answer<Page<Workflow>> {
        self.inner.workflows(page).await
    }

    async fn delete(&self, target: DeleteTarget) -> Answer<DeleteReply> {
        self.inner.delete(target).await
    }

    async fn update_run(&self, run: RunId, update: ValidUpdate) -> Answer<UpdateReply> {
        self.inner.update_run(run, update).await
    }

    async fn prune(&self, request: PruneRequest) -> Answer<Pruned> {
        self.inner.prune(request).await
    }

    async fn wait(&self, after: Sequence) -> Answer<Sequence> {
        self.inner.wait(after).await
    }
    async fn close(&self) -> Answer<()> {
        self.inner.close().await
    }
}
