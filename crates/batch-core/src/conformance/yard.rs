use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::sample::{request, valid, workflow};
use super::{Fault, Harness};
use crate::batch::Batch;
use crate::id::{BatchId, RunId};
use crate::journal::{Entry, Sequence};
use crate::ordinal::Ordinal;
use crate::request::BatchRequest;
use crate::run::{Attempt, Run, RunState, Step};
use crate::storage::{
    BatchQuery, CancelReply, CancelTarget, Claim, ClaimKey, ClaimRequest, Claimed, ClaimedRun,
    DeleteReply, DeleteTarget, Disposition, InsertReply, NewBatch, PruneRequest, Pruned, Renewal,
    RunQuery, Settled, Settlement, StepReply, Storage, StorageError, WorkflowChange,
};
use crate::time::{Clock, ManualClock};
use crate::valid::ValidBatch;

/// How long claims last in the cases.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// A storage under test with its harness, and short words for what cases do with it.
#[derive(Debug)]
pub(super) struct Yard {
    harness: Arc<dyn Harness>,
    storage: Option<Box<dyn Storage>>,
}

impl Yard {
    /// Tells a story on a new store with the workflow `w`, one version deployed.
    pub(super) fn visit<'s>(
        harness: Box<dyn Harness>,
        story: impl for<'a> FnOnce(&'a mut Self) -> Pin<Box<dyn Future<Output = ()> + 'a>> + 's,
    ) {
        let harness: Arc<dyn Harness> = harness.into();
        let ground = Arc::clone(&harness);
        harness.block_on(Box::pin(async move {
            let mut yard = Self {
                harness: ground,
                storage: None,
            };
            yard.open().await;
            let change = WorkflowChange::EnsureDeployed;
            let made = yard.storage().change_workflow(workflow(), change).await;
            made.unwrap();
            story(&mut yard).await;
            let ground = Arc::clone(&yard.harness);
            drop(yard);
            ground.look_over().await;
        }));
    }

    async fn open(&mut self) {
        self.storage = Some(self.harness.open().await.unwrap());
    }

    /// The process dies and another one opens the store.
    pub(super) async fn crash(&mut self) {
        self.storage = None;
        self.open().await;
    }

    /// Closes the store and opens it again. Gives the storage that was closed: it is kept alive
    /// meanwhile, as a host's handles are.
    pub(super) async fn close(&mut self) -> Box<dyn Storage> {
        let closed = self.storage.take().expect("the store is open");
        closed.close().await.unwrap();
        self.open().await;
        closed
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        self.storage.as_deref().expect("the store is open")
    }

    pub(super) fn harness(&self) -> &dyn Harness {
        &*self.harness
    }

    pub(super) fn clock(&self) -> &ManualClock {
        self.harness.clock()
    }

    pub(super) fn plan(&self, fault: Option<Fault>) {
        self.harness.plan_fault(fault);
    }

    pub(super) async fn insert(&self, content: ValidBatch) -> InsertReply {
        let batch = NewBatch::single(BatchId::generate(), content);
        self.storage().insert(batch).await.unwrap()
    }

    /// Stores a batch of so many texts.
    pub(super) async fn submit(&self, inputs: u32) -> BatchId {
        self.submit_request(request(inputs)).await
    }

    pub(super) async fn submit_request(&self, request: BatchRequest) -> BatchId {
        let id = BatchId::generate();
        let batch = NewBatch::single(id, valid(request));
        let reply = self.storage().insert(batch).await.unwrap();
        assert_eq!(reply, InsertReply::Stored);
        id
    }

    pub(super) async fn ask(&self, limit: u32) -> Result<Claimed, StorageError> {
        let mut request = ClaimRequest::new(vec![workflow()], NonZeroU32::new(limit).unwrap());
        request.lease = LEASE;
        self.storage().claim(request).await
    }

    pub(super) async fn claim(&self, limit: u32) -> Vec<ClaimedRun> {
        self.ask(limit).await.unwrap().runs
    }

    /// Claims one run; there must be one.
    pub(super) async fn claim_one(&self) -> ClaimedRun {
        let mut runs = self.claim(1).await;
        assert_eq!(runs.len(), 1, "one run was asked for and is due");
        runs.remove(0)
    }

    pub(super) async fn settle(&self, run: ClaimedRun, disposition: Disposition) -> Settled {
        let settlement = Settlement::new(run.claim, disposition);
        let replies = self.storage().settle(vec![settlement]).await.unwrap();
        assert_eq!(replies.len(), 1, "one reply for one settlement");
        replies[0]
    }

    /// Records a step of a claimed run.
    pub(super) async fn record(&self, claim: ClaimKey, step: Step) -> StepReply {
        self.storage().record_step(claim, step).await.unwrap()
    }

    /// The names and results that a run has recorded.
    pub(super) async fn steps(&self, run: RunId) -> Vec<(String, String)> {
        let steps = self.storage().steps(run).await.unwrap();
        let told = |step: &Step| (step.name().to_string(), step.parse().unwrap());
        steps.iter().map(told).collect()
    }

    /// Spends the claim under this key.
    pub(super) async fn settle_key(&self, key: ClaimKey) {
        let how = Disposition::Processed { output: None };
        let settlement = Settlement::new(Claim::new(key, Attempt::FIRST), how);
        self.storage().settle(vec![settlement]).await.unwrap();
    }

    pub(super) async fn renew(&self, keys: Vec<ClaimKey>) -> Vec<Renewal> {
        self.storage().renew(keys, LEASE).await.unwrap()
    }

    pub(super) async fn cancel_batch(&self, id: BatchId) -> CancelReply {
        let target = CancelTarget::Batch(id);
        self.storage().cancel(target).await.unwrap()
    }

    pub(super) async fn cancel_run(&self, batch: BatchId, ordinal: u32) -> CancelReply {
        let target = CancelTarget::Run(run_id(batch, ordinal));
        self.storage().cancel(target).await.unwrap()
    }

    pub(super) async fn delete_batch(&self, id: BatchId) -> DeleteReply {
        let target = DeleteTarget::Batch(id);
        self.storage().delete(target).await.unwrap()
    }

    pub(super) async fn delete_run(&self, batch: BatchId, ordinal: u32) -> DeleteReply {
        let target = DeleteTarget::Run(run_id(batch, ordinal));
        self.storage().delete(target).await.unwrap()
    }

    /// Claims and settles until nothing is left to claim; gives how many were.
    pub(super) async fn work_off(&self) -> usize {
        let mut done = 0;
        loop {
            let runs = self.claim(64).await;
            if runs.is_empty() {
                return done;
            }
            done += runs.len();
            let settlements = runs.into_iter().map(|run| {
                let disposition = Disposition::Processed { output: None };
                Settlement::new(run.claim, disposition)
            });
            self.storage().settle(settlements.collect()).await.unwrap();
        }
    }

    pub(super) async fn batch(&self, id: BatchId) -> Batch {
        let batch = self.storage().batch(id).await.unwrap();
        batch.expect("the batch is there")
    }

    /// All batches that fit a query, page by page.
    pub(super) async fn batches(&self, mut query: BatchQuery) -> Vec<Batch> {
        let mut all = Vec::new();
        loop {
            let page = self.storage().batches(query.clone()).await.unwrap();
            assert!(page.items.len() <= query.page.size.get());
            all.extend(page.items);
            match page.next {
                Some(next) => query.page.token = Some(next),
                None => return all,
            }
        }
    }

    pub(super) async fn run(&self, batch: BatchId, ordinal: u32) -> Run {
        let run = self.storage().run(run_id(batch, ordinal)).await.unwrap();
        run.expect("the run is there")
    }

    pub(super) async fn state(&self, batch: BatchId, ordinal: u32) -> RunState {
        self.run(batch, ordinal).await.state
    }

    /// All runs that fit a query, page by page.
    pub(super) async fn runs(&self, mut query: RunQuery) -> Vec<Run> {
        let mut all = Vec::new();
        loop {
            let page = self.storage().runs(query.clone()).await.unwrap();
            assert!(page.items.len() <= query.page.size.get());
            all.extend(page.items);
            match page.next {
                Some(next) => query.page.token = Some(next),
                None => return all,
            }
        }
    }

    pub(super) async fn runs_of(&self, batch: BatchId) -> Vec<Run> {
        let query = RunQuery {
            batch: Some(batch),
            ..RunQuery::default()
        };
        self.runs(query).await
    }

    /// The journal after a position, in small steps.
    pub(super) async fn journal_after(&self, mut after: Sequence) -> Vec<Entry> {
        let mut all: Vec<Entry> = Vec::new();
        loop {
            let limit = NonZeroU32::new(3).unwrap();
            let page = self.storage().journal(after, limit).await.unwrap();
            let Some(last) = page.entries.last() else {
                return all;
            };
            after = last.sequence;
            all.extend(page.entries);
        }
    }

    /// The whole journal.
    pub(super) async fn journal(&self) -> Vec<Entry> {
        self.journal_after(Sequence::START).await
    }

    /// The last entry's number.
    pub(super) async fn head(&self) -> Sequence {
        let page = self.storage().journal(Sequence::START, NonZeroU32::MIN);
        page.await.unwrap().head
    }

    /// One call of prune, of what finished before this moment.
    pub(super) async fn prune_once(&self, limit: u32) -> Pruned {
        let limit = NonZeroU32::new(limit).unwrap();
        let request = PruneRequest::new(self.clock().now().wall, limit);
        self.storage().prune(request).await.unwrap()
    }

    /// Prunes until nothing is pruned, as the contract asks.
    pub(super) async fn prune(&self) -> Pruned {
        let mut all = Pruned::default();
        let hundred = NonZeroU32::new(100).unwrap();
        let mut request = PruneRequest::new(self.clock().now().wall, hundred);
        loop {
            let pruned = self.storage().prune(request).await.unwrap();
            request.after = pruned.next;
            if pruned.is_done() {
                return all;
            }
            all.batches += pruned.batches;
            all.entries += pruned.entries;
        }
    }

    /// Counts equal a recount, and every run is there once.
    pub(super) async fn recount(&self, id: BatchId) {
        let batch = self.batch(id).await;
        let runs = self.runs_of(id).await;
        let seen: Vec<_> = runs.iter().map(|run| run.id.ordinal().get()).collect();
        match batch.deleted {
            0 => assert!(
                seen.iter().copied().eq((0..).take(seen.len())),
                "{id}: {seen:?}"
            ),
            _ => assert!(seen.is_sorted_by(|a, b| a < b), "{id}: {seen:?}"),
        }
        let known = runs.len() as u64 + batch.deleted;
        assert_eq!(known, batch.counts.total(), "runs of {id}");
        let mut deleted = batch.deleted;
        for state in RunState::ALL {
            let counted = runs.iter().filter(|run| run.state == state).count();
            let gone = batch.counts.of(state).checked_sub(counted as u64);
            let gone = gone.unwrap_or_else(|| panic!("{state} of {id}"));
            assert!(gone == 0 || state.is_ended(), "{state} of {id}");
            deleted -= gone;
        }
        assert_eq!(deleted, 0, "the deleted runs of {id} are among its counts");
        let ended = batch.counts.all_ended();
        assert_eq!(batch.is_finished(), ended, "{id} is {}", batch.state);
        assert_eq!(batch.finished_at.is_some(), ended, "{batch:?}");
    }
}

pub(super) fn run_id(batch: BatchId, ordinal: u32) -> RunId {
    RunId::new(batch, Ordinal::new(ordinal))
}
