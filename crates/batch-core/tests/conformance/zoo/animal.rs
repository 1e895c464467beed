use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use batch_core::batch::{Batch, Flow, Submission};
use batch_core::catalogue::{Version, Workflow};
use batch_core::id::{BatchId, RunId, SinkName, SubmissionId, WorkflowId};
use batch_core::journal::{Fact, Sequence};
use batch_core::kv::{KeyValue, KvStorage};
use batch_core::ordinal::OrdinalSet;
use batch_core::run::{Failure, Run, RunState, Step, Steps, Verdict};
use batch_core::storage::{
    BatchQuery, CancelReply, CancelTarget, Claim, ClaimKey, ClaimRequest, ClaimToken, Claimed,
    ClaimedRun, DeleteReply, DeleteTarget, Description, Disposition, FlowReply, InsertReply,
    JournalPage, NewBatch, Page, PageRequest, PruneRequest, Pruned, Renewal, ReviewReply,
    ReviewRequest, RunQuery, Settled, Settlement, SinkCursor, SinkStart, StepReply, Storage,
    StorageError, UpdateReply, WorkflowChange, WorkflowReply,
};
use batch_core::valid::{ValidInput, ValidUpdate};

use super::cage::go_back;
use super::flaw::Flaw;
use crate::faulty_kv::FaultyKv;

/// The bits of a token below the store's generation.
const COUNTER: u64 = (1 << 40) - 1;

/// A good storage with one flaw.
#[derive(Debug)]
pub struct Animal {
    flaw: Flaw,
    inner: KvStorage<FaultyKv>,
    kv: FaultyKv,
    before: Arc<Mutex<Vec<KeyValue>>>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    claims: u64,
    /// The claims with patience that have no answer.
    waiting: Vec<ClaimRequest>,
    newest: BTreeMap<RunId, ClaimToken>,
    hidden: BTreeSet<BatchId>,
    inputs: BTreeMap<BatchId, Vec<ValidInput>>,
    /// Runs that were deleted, and how they had ended.
    deleted: BTreeMap<RunId, RunState>,
}

fn again(run: &ClaimedRun) -> ClaimedRun {
    with(run, run.claim.key().token, run.version)
}

fn with(run: &ClaimedRun, token: ClaimToken, version: Version) -> ClaimedRun {
    let key = ClaimKey {
        run: run.claim.run(),
        token,
    };
    let mut again = ClaimedRun::new(
        Claim::new(key, run.claim.attempt()),
        run.submission,
        run.workflow.clone(),
        version,
        run.interruptions,
        run.input.clone(),
    );
    (again.snoozes, again.steps) = (run.snoozes, run.steps);
    again
}

const fn other(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Approved => Verdict::Rejected,
        Verdict::Rejected => Verdict::Approved,
    }
}

impl Animal {
    pub fn new(
        flaw: Flaw,
        inner: KvStorage<FaultyKv>,
        kv: FaultyKv,
        before: Arc<Mutex<Vec<KeyValue>>>,
    ) -> Self {
        Self {
            flaw,
            inner,
            kv,
            before,
            memory: Mutex::default(),
        }
    }

    fn is_hidden(&self, batch: BatchId) -> bool {
        self.memory.lock().unwrap().hidden.contains(&batch)
    }

    /// What the claimer is told of what was claimed.
    async fn spoil_claimed(&self, mut runs: Vec<ClaimedRun>) -> Vec<ClaimedRun> {
        match self.flaw {
            Flaw::LosesARun => runs.retain(|run| run.claim.run().ordinal().get() != 3),
            Flaw::ClaimsTwice => self.claim_twice(&mut runs),
            Flaw::BelievesStaleTokens | Flaw::BelievesStaleSteps => {
                let keys = runs.iter().map(|run| run.claim.key());
                let keys = keys.map(|key| (key.run, key.token));
                self.memory.lock().unwrap().newest.extend(keys);
            }
            Flaw::RestartsTokens => {
                for run in &mut runs {
                    let bare = run.claim.key().token.get() & COUNTER;
                    *run = with(run, ClaimToken::new(bare), run.version);
                }
            }
            Flaw::ResolvesTheVersionLate => {
                for run in &mut runs {
                    let workflow = self.inner.workflow(run.workflow.clone()).await;
                    let newest = workflow.unwrap().unwrap().newest().unwrap();
                    let version = Version::Number(newest.number);
                    *run = with(run, run.claim.key().token, version);
                }
            }
            _ => {}
        }
        runs
    }

    /// The first run of every fourth claim has a second claimer, here the same one.
    fn claim_twice(&self, runs: &mut Vec<ClaimedRun>) {
        let mut memory = self.memory.lock().unwrap();
        memory.claims += u64::from(!runs.is_empty());
        if memory.claims % 4 == 3 {
            let twice = runs.first().map(again);
            runs.extend(twice);
        }
    }

    /// What really happens to a settlement.
    fn spoil_settlement(&self, mut settlement: Settlement) -> Settlement {
        let disposition = &mut settlement.disposition;
        match (self.flaw, &*disposition) {
            (Flaw::BelievesStaleTokens, _) => {
                let memory = self.memory.lock().unwrap();
                if let Some(token) = memory.newest.get(&settlement.key.run) {
                    settlement.key.token = *token;
                }
            }
            (Flaw::RetriesAtOnce, Disposition::Retry { failure, .. }) => {
                *disposition = Disposition::Retry {
                    after: Duration::ZERO,
                    failure: failure.clone(),
                };
            }
            (Flaw::CountsAReleasedAttempt, Disposition::Released) => {
                *disposition = Disposition::Retry {
                    after: Duration::ZERO,
                    failure: Failure::new("RELEASED", "counted"),
                };
            }
            (Flaw::CountsASnoozedAttempt, Disposition::Snoozed { after }) => {
                *disposition = Disposition::Retry {
                    after: *after,
                    failure: Failure::new("SNOOZED", "counted"),
                };
            }
            (
                Flaw::DropsLargeOutputs,
                Disposition::Processed {
                    output: Some(output),
                },
            ) => {
                let output = Some(output.clone()).filter(|o| o.as_json().len() < 10_000);
                *disposition = Disposition::Processed { output };
            }
            _ => {}
        }
        settlement
    }

    fn spoil_batch(&self, mut batch: Batch) -> Option<Batch> {
        if self.flaw == Flaw::CountsTwice && batch.counts.processed > 0 {
            batch.counts.processed += 1;
            batch.counts.pending = batch.counts.pending.saturating_sub(1);
        }
        Some(batch).filter(|batch| !self.is_hidden(batch.id))
    }

    fn spoil_journal(&self, page: JournalPage) -> JournalPage {
        let mut entries = page.entries;
        match self.flaw {
            Flaw::LeavesOutEntries => {
                entries.retain(|entry| !matches!(entry.fact, Fact::Released(_)));
            }
            Flaw::ResumesTooSoon => {
                for entry in &mut entries {
                    if matches!(&entry.fact, Fact::Released(runs) if runs.is_empty()) {
                        entry.fact = Fact::Resumed;
                    }
                }
            }
            Flaw::FinishesEarly => {
                for n in 1..entries.len() {
                    if matches!(entries[n].fact, Fact::Finished { .. }) {
                        let (early, late) = entries.split_at_mut(n);
                        std::mem::swap(&mut early[n - 1].fact, &mut late[0].fact);
                    }
                }
            }
            _ => {}
        }
        JournalPage::new(entries, page.head, page.trimmed)
    }

    /// Claims for those who wait, or waited, what nobody has got.
    async fn grant_to_the_dropped(&self) {
        if self.flaw == Flaw::GrantsToTheDropped {
            let waiting = std::mem::take(&mut self.memory.lock().unwrap().waiting);
            for mut request in waiting {
                request.patience = Duration::ZERO;
                drop(self.inner.claim(request).await);
            }
        }
    }

    /// Everything that has not ended is in the way.
    async fn hide_live_batches(&self) {
        let all = self.inner.batches(BatchQuery::default()).await.unwrap();
        let live = all.items.iter().filter(|batch| !batch.is_finished());
        let ids = live.map(|batch| batch.id);
        self.memory.lock().unwrap().hidden.extend(ids);
    }
}

#[async_trait]
impl Storage for Animal {
    fn description(&self) -> Description {
        self.inner.description()
    }

    async fn insert(&self, batch: NewBatch) -> Result<InsertReply, StorageError> {
        let (id, inputs) = (batch.id, batch.content.inputs().to_vec());
        *self.before.lock().unwrap() = self.kv.dump();
        let reply = self.inner.insert(batch).await?;
        self.memory.lock().unwrap().inputs.insert(id, inputs);
        self.grant_to_the_dropped().await;
        Ok(match (self.flaw, reply) {
            (Flaw::TakesAConflictForAReplay, InsertReply::KeyConflict(first)) => {
                InsertReply::Replayed(first)
            }
            (_, reply) => reply,
        })
    }

    async fn claim(&self, mut request: ClaimRequest) -> Result<Claimed, StorageError> {
        let patience = std::mem::take(&mut request.patience);
        let mut claimed = self.inner.claim(request.clone()).await?;
        if claimed.runs.is_empty() && !patience.is_zero() {
            if self.flaw == Flaw::ForgetsWhoWaits {
                std::future::pending::<()>().await;
            }
            self.memory.lock().unwrap().waiting.push(request.clone());
            request.patience = patience;
            claimed = self.inner.claim(request).await?;
            self.memory.lock().unwrap().waiting.pop();
        }
        let next_due = claimed.next_due;
        let runs = self.spoil_claimed(claimed.runs).await;
        Ok(Claimed::new(runs, next_due))
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, StorageError> {
        let settlements = settlements.into_iter();
        let spoilt = settlements.map(|settlement| self.spoil_settlement(settlement));
        self.inner.settle(spoilt.collect()).await
    }

    async fn renew(
        &self,
        claims: Vec<ClaimKey>,
        lease: Duration,
    ) -> Result<Vec<Renewal>, StorageError> {
        if self.flaw == Flaw::RenewsNothing {
            return Ok(vec![Renewal::Kept; claims.len()]);
        }
        let mut renewed = self.inner.renew(claims, lease).await?;
        if self.flaw == Flaw::KeepsACancelToItself {
            let told = renewed.iter_mut();
            let told = told.filter(|renewal| **renewal == Renewal::CancelAsked);
            told.for_each(|renewal| *renewal = Renewal::Kept);
        }
        Ok(renewed)
    }

    async fn record_step(
        &self,
        mut claim: ClaimKey,
        step: Step,
    ) -> Result<StepReply, StorageError> {
        if self.flaw == Flaw::BelievesStaleSteps {
            let memory = self.memory.lock().unwrap();
            let newest = memory.newest.get(&claim.run).copied();
            claim.token = newest.unwrap_or(claim.token);
        }
        self.inner.record_step(claim, step).await
    }

    async fn steps(&self, run: RunId) -> Result<Steps, StorageError> {
        match self.flaw {
            Flaw::ForgetsSteps => Ok(Steps::default()),
            _ => self.inner.steps(run).await,
        }
    }

    async fn cancel(&self, target: CancelTarget) -> Result<CancelReply, StorageError> {
        match (self.flaw, target) {
            (Flaw::ForgetsACancel, CancelTarget::Batch(_)) => Ok(CancelReply::Cancelling),
            _ => self.inner.cancel(target).await,
        }
    }

    async fn set_flow(&self, batch: BatchId, flow: Flow) -> Result<FlowReply, StorageError> {
        match self.flaw {
            Flaw::ForgetsAPause if flow == Flow::Paused => Ok(FlowReply::Changed),
            _ => self.inner.set_flow(batch, flow).await,
        }
    }

    async fn review(&self, requests: Vec<ReviewRequest>) -> Result<Vec<ReviewReply>, StorageError> {
        let mut replies = self.inner.review(requests.clone()).await?;
        if self.flaw == Flaw::RemembersDeletedRuns {
            let memory = self.memory.lock().unwrap();
            for (reply, request) in replies.iter_mut().zip(&requests) {
                let ended = memory.deleted.get(&request.run);
                *reply = ended.map_or(*reply, |state| ReviewReply::NotInReview(*state));
            }
        }
        if self.flaw == Flaw::TakesASecondAnswer {
            for (reply, request) in replies.iter_mut().zip(&requests) {
                let ended = ReviewReply::NotInReview(other(request.verdict).state());
                if *reply == ended {
                    *reply = ReviewReply::Recorded;
                }
            }
        }
        Ok(replies)
    }

    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError> {
        let batch = self.inner.batch(id).await?;
        Ok(batch.and_then(|batch| self.spoil_batch(batch)))
    }

    async fn batches(&self, query: BatchQuery) -> Result<Page<Batch>, StorageError> {
        let page = self.inner.batches(query).await?;
        let items = page.items.into_iter();
        Ok(Page {
            items: items.filter_map(|batch| self.spoil_batch(batch)).collect(),
            next: page.next,
        })
    }

    async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, StorageError> {
        self.inner.submission(id).await
    }

    async fn run(&self, id: RunId) -> Result<Option<Run>, StorageError> {
        match self.is_hidden(id.batch()) {
            true => Ok(None),
            false => self.inner.run(id).await,
        }
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<Run>, StorageError> {
        let mut page = self.inner.runs(query).await?;
        page.items.retain(|run| !self.is_hidden(run.id.batch()));
        if self.flaw == Flaw::SkipsOnPages && page.next.is_some() {
            page.items.pop();
        }
        Ok(page)
    }

    async fn inputs(
        &self,
        batch: BatchId,
        ordinals: OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError> {
        if self.flaw == Flaw::ShowsSecrets {
            let memory = self.memory.lock().unwrap();
            let all = memory.inputs.get(&batch).cloned().unwrap_or_default();
            let places = ordinals.iter().map(|ordinal| ordinal.get() as usize);
            return Ok(places.filter_map(|place| all.get(place).cloned()).collect());
        }
        self.inner.inputs(batch, ordinals).await
    }

    async fn journal(
        &self,
        after: Sequence,
        limit: NonZeroU32,
    ) -> Result<JournalPage, StorageError> {
        let page = self.inner.journal(after, limit).await?;
        Ok(self.spoil_journal(page))
    }

    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Result<Sequence, StorageError> {
        self.inner.open_sink(sink, start).await
    }

    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Result<(), StorageError> {
        if self.flaw == Flaw::MovesSinksBack {
            self.inner.remove_sink(sink.clone()).await?;
            self.inner
                .open_sink(sink.clone(), SinkStart::Beginning)
                .await?;
        }
        self.inner.advance_sink(sink, to).await
    }

    async fn remove_sink(&self, sink: SinkName) -> Result<(), StorageError> {
        self.inner.remove_sink(sink).await
    }

    async fn sinks(&self) -> Result<Vec<SinkCursor>, StorageError> {
        self.inner.sinks().await
    }

    async fn change_workflow(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Result<WorkflowReply, StorageError> {
        match (self.flaw, change) {
            (Flaw::IgnoresLimits, WorkflowChange::SetLimits(limits)) => {
                let reply = self.inner.workflow(id).await?;
                Ok(reply.map_or(WorkflowReply::Unknown, |mut workflow| {
                    workflow.limits = limits;
                    WorkflowReply::Changed(workflow)
                }))
            }
            _ => self.inner.change_workflow(id, change).await,
        }
    }

    async fn workflow(&self, id: WorkflowId) -> Result<Option<Workflow>, StorageError> {
        self.inner.workflow(id).await
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<Workflow>, StorageError> {
        self.inner.workflows(page).await
    }

    async fn delete(&self, target: DeleteTarget) -> Result<DeleteReply, StorageError> {
        match self.flaw {
            Flaw::ForgetsADelete => return Ok(DeleteReply::Deleted),
            Flaw::RemembersDeletedRuns => {
                if let DeleteTarget::Run(run) = target
                    && let Some(known) = self.inner.run(run).await?
                {
                    self.memory.lock().unwrap().deleted.insert(run, known.state);
                }
            }
            _ => {}
        }
        self.inner.delete(target).await
    }

    async fn update_run(
        &self,
        run: RunId,
        update: ValidUpdate,
    ) -> Result<UpdateReply, StorageError> {
        let known = self.inner.run(run).await?;
        match (self.flaw, known) {
            (Flaw::ForgetsAnUpdate, Some(mut run)) => {
                run.name = update.name(run.name.as_deref());
                run.metadata = update.metadata(&run.metadata).unwrap_or_default();
                run.output = None;
                Ok(UpdateReply::Updated(Box::new(run)))
            }
            _ => self.inner.update_run(run, update).await,
        }
    }

    async fn prune(&self, mut request: PruneRequest) -> Result<Pruned, StorageError> {
        match self.flaw {
            Flaw::PrunesLiveBatches => self.hide_live_batches().await,
            Flaw::PrunesAnyEnding => request.ending = None,
            Flaw::PrunesPastSinks => {
                for cursor in self.inner.sinks().await? {
                    self.inner.remove_sink(cursor.sink).await?;
                }
            }
            _ => {}
        }
        self.inner.prune(request).await
    }

    async fn wait(&self, after: Sequence) -> Result<Sequence, StorageError> {
        match self.flaw {
            Flaw::WakesForNothing => Ok(after),
            _ => self.inner.wait(after).await,
        }
    }
    async fn close(&self) -> Result<(), StorageError> {
        match self.flaw {
            Flaw::IgnoresAClose => Ok(()),
            Flaw::ClosesLikeADeath => {
                let before = self.kv.dump();
                self.inner.close().await?;
                go_back(&self.kv, before);
                Ok(())
            }
            _ => self.inner.close().await,
        }
    }
}
