use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;

use super::kv_storage::closed;
use super::machine::Staged;
use super::settle_slices::settle_slices;
use super::{KvStorage, OrderedKv};
use crate::batch::{Batch, Flow, Submission};
use crate::catalogue::Workflow;
use crate::id::{BatchId, RunId, SinkName, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::run::{Run, Step, Steps};
use crate::storage::{
    BatchQuery, CancelReply, CancelTarget, ClaimKey, ClaimRequest, Claimed, DeleteReply,
    DeleteTarget, Description, FlowReply, InsertReply, JournalPage, NewBatch, Page, PageRequest,
    PatientClaims, PruneRequest, Pruned, Renewal, ReviewReply, ReviewRequest, RunQuery, Settled,
    Settlement, SinkCursor, SinkStart, StepReply, Storage, StorageError, UpdateReply,
    WorkflowChange, WorkflowReply,
};
use crate::valid::{ValidInput, ValidUpdate};

/// No commit records more answers to reviews than this; each may bring a note of 1 KiB.
const ANSWERS_A_COMMIT: usize = 256;

#[async_trait]
impl<K: OrderedKv> Storage for KvStorage<K> {
    fn description(&self) -> Description {
        let mut description = self.traits().description.clone();
        description.patient_claims = PatientClaims::Wait;
        description
    }

    async fn insert(&self, batch: NewBatch) -> Result<InsertReply, StorageError> {
        let batch = self.prepare(batch)?;
        if Self::needs_slices(&batch.belongings) {
            return self.insert_in_slices(batch).await;
        }
        self.call(move |machine, now| machine.insert(batch, Staged::No, now))
            .await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<Claimed, StorageError> {
        self.call_claim(request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, StorageError> {
        let mut settled = Vec::with_capacity(settlements.len());
        for slice in settle_slices(settlements) {
            let replies = self.call(move |machine, now| machine.settle(slice, now));
            settled.extend(replies.await?);
        }
        Ok(settled)
    }

    async fn renew(
        &self,
        claims: Vec<ClaimKey>,
        lease: Duration,
    ) -> Result<Vec<Renewal>, StorageError> {
        self.call(move |machine, now| Ok(machine.renew(&claims, lease, now)))
            .await
    }

    async fn record_step(&self, claim: ClaimKey, step: Step) -> Result<StepReply, StorageError> {
        self.call(move |machine, _| machine.record_step(claim, step))
            .await
    }

    async fn steps(&self, run: RunId) -> Result<Steps, StorageError> {
        self.call(move |machine, _| machine.steps(run)).await
    }

    async fn cancel(&self, target: CancelTarget) -> Result<CancelReply, StorageError> {
        self.call(move |machine, now| machine.cancel(target, now))
            .await
    }

    async fn set_flow(&self, batch: BatchId, flow: Flow) -> Result<FlowReply, StorageError> {
        self.call(move |machine, _| machine.set_flow(batch, flow))
            .await
    }

    async fn review(&self, requests: Vec<ReviewRequest>) -> Result<Vec<ReviewReply>, StorageError> {
        let mut replies = Vec::with_capacity(requests.len());
        for slice in requests.chunks(ANSWERS_A_COMMIT) {
            let slice = slice.to_vec();
            let recorded = self.call(move |machine, now| machine.review(slice, now));
            replies.extend(recorded.await?);
        }
        Ok(replies)
    }

    async fn delete(&self, target: DeleteTarget) -> Result<DeleteReply, StorageError> {
        self.call(move |machine, now| machine.delete(target, now))
            .await
    }

    async fn update_run(
        &self,
        run: RunId,
        update: ValidUpdate,
    ) -> Result<UpdateReply, StorageError> {
        self.call(move |machine, _| machine.update_run(run, &update))
            .await
    }

    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError> {
        self.call(move |machine, _| machine.batch(id)).await
    }

    async fn batches(&self, query: BatchQuery) -> Result<Page<Batch>, StorageError> {
        self.call(move |machine, _| machine.list_batches(&query))
            .await
    }

    async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, StorageError> {
        self.call(move |machine, _| machine.submission(id)).await
    }

    async fn run(&self, id: RunId) -> Result<Option<Run>, StorageError> {
        self.call(move |machine, _| machine.view_run(id)).await
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<Run>, StorageError> {
        self.call(move |machine, _| machine.list_runs(&query)).await
    }

    async fn inputs(
        &self,
        batch: BatchId,
        ordinals: OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError> {
        self.call(move |machine, _| machine.inputs(batch, &ordinals))
            .await
    }

    async fn journal(
        &self,
        after: Sequence,
        limit: NonZeroU32,
    ) -> Result<JournalPage, StorageError> {
        self.call(move |machine, _| machine.journal(after, limit))
            .await
    }

    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Result<Sequence, StorageError> {
        self.call(move |machine, _| machine.open_sink(sink, start))
            .await
    }

    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Result<(), StorageError> {
        self.call(move |machine, _| machine.advance_sink(sink, to))
            .await
    }

    async fn remove_sink(&self, sink: SinkName) -> Result<(), StorageError> {
        self.call(move |machine, _| machine.remove_sink(&sink))
            .await
    }

    async fn sinks(&self) -> Result<Vec<SinkCursor>, StorageError> {
        self.call(|machine, _| Ok(machine.list_sinks())).await
    }

    async fn change_workflow(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Result<WorkflowReply, StorageError> {
        self.call(move |machine, now| machine.change_workflow(&id, change, now))
            .await
    }

    async fn workflow(&self, id: WorkflowId) -> Result<Option<Workflow>, StorageError> {
        self.call(move |machine, _| machine.workflow(&id)).await
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<Workflow>, StorageError> {
        self.call(move |machine, _| machine.workflows(&page)).await
    }

    async fn prune(&self, request: PruneRequest) -> Result<Pruned, StorageError> {
        self.call(move |machine, now| machine.prune(request, now))
            .await
    }

    async fn wait(&self, after: Sequence) -> Result<Sequence, StorageError> {
        let mut head = self.head();
        // By itself a look at the head succeeds for as long as anybody has it.
        head.has_changed().map_err(|_| closed())?;
        let reached = head.wait_for(|known| *known > after).await;
        reached.map(|known| *known).map_err(|_| closed())
    }
    async fn close(&self) -> Result<(), StorageError> {
        self.let_go().await
    }
}
