use std::fmt::Debug;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::{Batch, Flow, Submission};
use batch_core::catalogue::Workflow;
use batch_core::id::{BatchId, RunId, SinkName, SubmissionId, WorkflowId};
use batch_core::journal::{Entry, Fact, Sequence};
use batch_core::kv::KvStorage;
use batch_core::ordinal::OrdinalSet;
use batch_core::run::{Failure, Run, Step, Steps};
use batch_core::storage::*;
use batch_core::valid::{Metadata, Source, ValidInput, ValidUpdate};
use batch_exec::async_trait;
use tokio::time::sleep;

use super::census::{census, census_in_doubt};
use super::disk::Disk;
use super::sight::Sight;
use super::tag::tag_of;
use super::witness::{Asked, Verdict};
use super::world::{State, World};

/// Entries are read in pages of this many.
const PAGE: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// A whole census is held after one write in so many.
const CENSUS: u64 = 40;

type Answer<T> = Result<T, StorageError>;

/// The store of one process: slow, at times failing, and watched.
///
/// Each call is done in one go when its turn has come; it dawdles before and after, so that
/// calls overlap as they do in the world. Nobody hears an answer after the process died.
#[derive(Debug)]
pub(super) struct WatchedStorage {
    world: Arc<World>,
    inner: KvStorage<Disk>,
}

impl WatchedStorage {
    pub(super) fn new(world: &Arc<World>, inner: KvStorage<Disk>) -> Self {
        Self {
            world: Arc::clone(world),
            inner,
        }
    }

    /// The store was opened: what is there is what was acknowledged, and nobody holds anything.
    pub(super) async fn opened(&self) {
        let before = self.world.lock().witness.head();
        self.follow(|state| {
            let entries = state.witness.entries.iter();
            let mut new = entries.filter(|entry| entry.sequence > before);
            let counted = new.any(|entry| matches!(entry.fact, Fact::Interrupted(_)));
            if std::mem::take(&mut state.closed_cleanly) && counted {
                return Err("interruptions are counted though the store was closed".into());
            }
            state.witness.opened()
        })
        .await;
        self.census().await;
    }

    /// Compares everything with what is known, as far as no failed commit left it in doubt.
    pub(super) async fn census(&self) {
        if !self.world.is_open() {
            return;
        }
        let doubt = self.world.lock().process.doubt;
        let verdict = match doubt {
            true => census_in_doubt(&self.world, &self.inner).await,
            false => census(&self.world, &self.inner).await,
        };
        if let Err(wrong) = verdict {
            self.accuse(wrong);
        }
    }

    /// Something is wrong, unless it is only that the process died or the store was closed
    /// while it was looked at.
    fn accuse(&self, wrong: String) {
        let mut state = self.world.lock();
        if state.process.alive && !state.process.closed {
            state.is_wrong(wrong);
        }
    }

    /// Reads the journal to its end, then judges.
    async fn follow(&self, judge: impl FnOnce(&mut State) -> Verdict) {
        let mut verdict = Ok(());
        loop {
            let after = self.world.lock().witness.head();
            let page = self.inner.journal(after, PAGE).await;
            let entries = match page {
                Ok(page) => page.entries,
                Err(error) => return self.accuse(format!("the journal: {error}")),
            };
            if entries.is_empty() {
                break;
            }
            let mut state = self.world.lock();
            for entry in entries {
                note(&mut state, &entry);
                verdict = verdict.and_then(|()| state.witness.read(entry));
            }
            if verdict.is_err() {
                break;
            }
        }
        self.world.grew.notify_waiters();
        let mut state = self.world.lock();
        if let Err(wrong) = verdict.and_then(|()| judge(&mut state)) {
            drop(state);
            self.accuse(wrong);
        }
    }

    /// What happens to a call before its turn comes.
    async fn before(&self, call: &str) -> Answer<()> {
        let world = &self.world;
        world.while_alive().await;
        let weather = &world.weather;
        if world.strikes(weather.stall) {
            world.saw(Sight::StoreStalled);
            world.tell(format!("{call} stalls"));
            sleep(weather.lease + Duration::from_millis(world.below(5_000))).await;
        }
        world
            .dawdle(Duration::from_millis(weather.store_millis))
            .await;
        world.while_alive().await;
        if world.strikes(weather.transient) {
            world.saw(Sight::TransientError);
            world.tell(format!("{call} fails for once"));
            return Err(StorageError::new(ErrorKind::Transient, call));
        }
        Ok(())
    }

    /// What happens to an answer on its way.
    async fn after<R: Debug>(&self, call: &str, answer: Answer<R>) -> Answer<R> {
        let world = &self.world;
        self.heard(call, &answer);
        world.while_alive().await;
        world
            .dawdle(Duration::from_millis(world.weather.store_millis))
            .await;
        world.while_alive().await;
        answer
    }

    /// Writes an answer down. After an error that does not pass the process ends.
    fn heard<R: Debug>(&self, call: &str, answer: &Answer<R>) {
        let mut state = self.world.lock();
        if state.process.alive {
            let mut line = format!("{call} -> {answer:?}");
            line.truncate(line.floor_char_boundary(300));
            state.tell(&line);
        }
        if answer.as_ref().is_err_and(|error| !error.is_retryable()) {
            state.process.leave.notify_one();
        }
    }

    /// A call that may write. `judge` sees its reply.
    async fn write<R: Debug + Send>(
        &self,
        call: &'static str,
        operation: impl Future<Output = Answer<R>> + Send,
        judge: impl FnOnce(&mut State, &R) -> Verdict + Send,
    ) -> Answer<R> {
        self.before(call).await?;
        self.world.lock().process.call = call;
        let answer = operation.await;
        if self.world.is_open() {
            self.follow(|state| match &answer {
                Ok(reply) => judge(state, reply),
                Err(_) => Ok(()),
            })
            .await;
            let failed = answer.as_ref().is_err_and(|error| !error.is_retryable());
            if failed || self.world.below(CENSUS) == 0 {
                self.census().await;
            }
        }
        self.after(call, answer).await
    }

    /// A claim that may wait. Its answer does not dawdle: whoever drops the call drops it
    /// where the store can give it back.
    async fn claim_in_time(
        &self,
        request: ClaimRequest,
        judge: impl FnOnce(&mut State, &Claimed) -> Verdict + Send,
    ) -> Answer<Claimed> {
        const CALL: &str = "claim in time";
        self.before(CALL).await?;
        self.world.lock().process.call = CALL;
        let answer = self.inner.claim(request).await;
        self.world.while_alive().await;
        if self.world.is_open()
            && let Ok(claimed) = &answer
        {
            let waited = !claimed.runs.is_empty();
            self.follow(|state| {
                if waited {
                    state.tally.note(Sight::GrantedInTime);
                }
                judge(state, claimed)
            })
            .await;
        }
        self.heard(CALL, &answer);
        answer
    }

    /// A call that only reads.
    async fn read<R: Debug + Send>(
        &self,
        call: &'static str,
        operation: impl Future<Output = Answer<R>> + Send,
    ) -> Answer<R> {
        self.before(call).await?;
        let answer = operation.await;
        self.world.while_alive().await;
        answer
    }
}

/// What an entry shows.
fn note(state: &mut State, entry: &Entry) {
    let mut line = format!("{entry:?}");
    line.truncate(line.floor_char_boundary(400));
    state.tell(&line);
    let sight = match &entry.fact {
        Fact::NeedsReview(_) => Sight::RunInReview,
        Fact::Reviewed(_) => Sight::RunReviewed,
        Fact::Released(runs) if !runs.is_empty() => Sight::RunGivenBack,
        Fact::Snoozed(_) => Sight::RunSnoozed,
        Fact::Interrupted(_) => Sight::RunInterrupted,
        Fact::Cancelling(_) => Sight::RunAskedToStop,
        Fact::Retrying(retries) => {
            for retry in retries {
                note_failure(state, &retry.failure);
            }
            Sight::RunRetried
        }
        Fact::Ended(ends) => {
            for failure in ends.iter().filter_map(|end| end.failure.as_ref()) {
                note_failure(state, failure);
            }
            return;
        }
        _ => return,
    };
    state.tally.note(sight);
}

fn note_failure(state: &mut State, failure: &Failure) {
    match failure.reason() {
        Failure::PANICKED => state.tally.note(Sight::ExecutorPanicked),
        Failure::TIMED_OUT => state.tally.note(Sight::AttemptTimedOut),
        Failure::CRASHED => state.tally.note(Sight::RunCrashed),
        _ => {}
    }
}

fn asked(batch: &NewBatch) -> Asked {
    let text = |input: &ValidInput| match input.source() {
        Source::Text { text, .. } => text.to_string(),
        other => format!("{other:?}"),
    };
    let key = batch.content.idempotency_key();
    let inputs = batch.content.inputs().iter();
    Asked {
        key: key.map(|key| (key.as_str().to_owned(), batch.part)),
        texts: batch.content.inputs().iter().map(text).collect(),
        tags: inputs.map(|input| tag_of(input.metadata())).collect(),
    }
}

fn judge_insert(
    state: &mut State,
    id: BatchId,
    key: Option<&(String, u32)>,
    reply: &InsertReply,
) -> Verdict {
    let of_key = key.and_then(|(key, part)| state.witness.of_key(key, *part));
    let known = &state.witness.batches;
    let (right, sight) = match reply {
        InsertReply::Stored => (known.contains_key(&id), None),
        InsertReply::Replayed(first) => (of_key == Some(*first), Some(Sight::SubmitReplayed)),
        InsertReply::KeyConflict(first) => (of_key == Some(*first), Some(Sight::KeyConflict)),
        _ => (false, None),
    };
    let gone = of_key.is_some_and(|first| known[&first].may_be_missing());
    if let (Some(sight), true) = (sight, right) {
        state.tally.note(sight);
        if gone {
            state.tally.note(Sight::KeyOutlivedItsBatch);
        }
    }
    match right {
        true => Ok(()),
        false => Err(format!(
            "{reply:?} to the insert of {id} with {key:?}: {of_key:?}"
        )),
    }
}

#[async_trait]
impl Storage for WatchedStorage {
    fn description(&self) -> Description {
        let mut description = self.inner.description();
        description.patient_claims = self.world.weather.patient_claims;
        description
    }

    async fn insert(&self, batch: NewBatch) -> Answer<InsertReply> {
        let (id, asked) = (batch.id, asked(&batch));
        let key = asked.key.clone();
        let insert = async {
            self.world.lock().witness.asked.insert(id, asked);
            self.inner.insert(batch).await
        };
        let judge = |state: &mut State, reply: &_| judge_insert(state, id, key.as_ref(), reply);
        self.write("insert", insert, judge).await
    }

    async fn claim(&self, request: ClaimRequest) -> Answer<Claimed> {
        let (limit, at_once) = (request.limit.get() as usize, request.patience.is_zero());
        let judge = |state: &mut State, reply: &Claimed| {
            if reply.runs.iter().any(|run| run.interruptions > 1) {
                state.tally.note(Sight::SuspectClaimed);
            }
            let tagged = |run: &ClaimedRun| tag_of(run.input.metadata()).is_some();
            if reply.runs.iter().any(tagged) {
                state.tally.note(Sight::UpdatedRunClaimed);
            }
            match reply.runs.len() <= limit {
                true if at_once => state.witness.granted_at_once(&reply.runs),
                true => state.witness.granted(&reply.runs),
                false => Err(format!("more than {limit} runs were granted")),
            }
        };
        match at_once {
            true => self.write("claim", self.inner.claim(request), judge).await,
            false => self.claim_in_time(request, judge).await,
        }
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Answer<Vec<Settled>> {
        let keys: Vec<_> = settlements.iter().map(|s| s.key).collect();
        let judge = |state: &mut State, replies: &Vec<Settled>| {
            for (key, reply) in keys.into_iter().zip(replies) {
                match reply {
                    Settled::Applied(run_state) => state.witness.applied(key, *run_state)?,
                    _ => state.tally.note(Sight::ZombieRefused),
                }
            }
            Ok(())
        };
        self.write("settle", self.inner.settle(settlements), judge)
            .await
    }

    async fn renew(&self, claims: Vec<ClaimKey>, lease: Duration) -> Answer<Vec<Renewal>> {
        let judge = |state: &mut State, replies: &Vec<Renewal>| {
            for _ in replies.iter().filter(|reply| **reply == Renewal::Lost) {
                state.tally.note(Sight::ClaimLost);
            }
            Ok(())
        };
        self.write("renew", self.inner.renew(claims, lease), judge)
            .await
    }

    async fn record_step(&self, claim: ClaimKey, step: Step) -> Answer<StepReply> {
        let judge = |state: &mut State, reply: &StepReply| {
            if *reply == StepReply::Recorded {
                state.witness.recorded_step(claim.run);
                state.tally.note(Sight::StepRecorded);
            }
            Ok(())
        };
        let record = self.inner.record_step(claim, step);
        self.write("record_step", record, judge).await
    }

    async fn steps(&self, run: RunId) -> Answer<Steps> {
        self.read("steps", self.inner.steps(run)).await
    }

    async fn cancel(&self, target: CancelTarget) -> Answer<CancelReply> {
        let judge = |state: &mut State, reply: &CancelReply| {
            let sight = match (target, reply) {
                (CancelTarget::Run(run), CancelReply::Cancelled | CancelReply::Cancelling) => {
                    state.witness.cancelled_run(run);
                    Sight::RunCancelledInTime
                }
                (CancelTarget::Batch(id), CancelReply::Cancelled | CancelReply::Cancelling) => {
                    state.witness.cancelled_batch(id);
                    Sight::BatchCancelled
                }
                _ => return Ok(()),
            };
            state.tally.note(sight);
            Ok(())
        };
        self.write("cancel", self.inner.cancel(target), judge).await
    }

    async fn set_flow(&self, batch: BatchId, flow: Flow) -> Answer<FlowReply> {
        let judge = |state: &mut State, reply: &FlowReply| {
            let sight = match (flow, reply) {
                (Flow::Paused, FlowReply::Changed) => Sight::BatchPaused,
                (Flow::Going, FlowReply::Changed) => Sight::BatchResumed,
                _ => return Ok(()),
            };
            state.tally.note(sight);
            Ok(())
        };
        self.write("set_flow", self.inner.set_flow(batch, flow), judge)
            .await
    }

    async fn review(&self, requests: Vec<ReviewRequest>) -> Answer<Vec<ReviewReply>> {
        let asked: Vec<_> = requests.iter().map(|it| (it.run, it.verdict)).collect();
        let judge = |state: &mut State, replies: &Vec<ReviewReply>| {
            for ((run, verdict), reply) in asked.into_iter().zip(replies) {
                if matches!(reply, ReviewReply::Recorded | ReviewReply::Repeated) {
                    state.witness.reviewed(run, verdict)?;
                }
            }
            Ok(())
        };
        self.write("review", self.inner.review(requests), judge)
            .await
    }

    async fn batch(&self, id: BatchId) -> Answer<Option<Batch>> {
        self.read("batch", self.inner.batch(id)).await
    }

    async fn batches(&self, query: BatchQuery) -> Answer<Page<Batch>> {
        self.read("batches", self.inner.batches(query)).await
    }

    async fn submission(&self, id: SubmissionId) -> Answer<Option<Submission>> {
        self.read("submission", self.inner.submission(id)).await
    }

    async fn run(&self, id: RunId) -> Answer<Option<Run>> {
        self.read("run", self.inner.run(id)).await
    }

    async fn runs(&self, query: RunQuery) -> Answer<Page<Run>> {
        self.read("runs", self.inner.runs(query)).await
    }

    async fn inputs(&self, batch: BatchId, ordinals: OrdinalSet) -> Answer<Vec<ValidInput>> {
        self.read("inputs", self.inner.inputs(batch, ordinals))
            .await
    }

    async fn journal(&self, after: Sequence, limit: NonZeroU32) -> Answer<JournalPage> {
        let journal = async {
            let page = self.inner.journal(after, limit).await;
            // What the store gives back for a claim that was dropped is no call of anybody.
            if self.world.is_open() {
                self.follow(|_| Ok(())).await;
            }
            page
        };
        self.read("journal", journal).await
    }

    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Answer<Sequence> {
        let name = sink.clone();
        let judge = |state: &mut State, position: &Sequence| {
            let heard = state
                .heard
                .iter_mut()
                .find(|heard| heard.sink == name.as_str());
            if let Some(heard) = heard {
                heard.since.get_or_insert(*position);
            }
            Ok(())
        };
        self.write("open_sink", self.inner.open_sink(sink, start), judge)
            .await
    }

    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Answer<()> {
        let advance = self.inner.advance_sink(sink, to);
        self.write("advance_sink", advance, |_, ()| Ok(())).await
    }

    async fn remove_sink(&self, sink: SinkName) -> Answer<()> {
        let remove = self.inner.remove_sink(sink);
        self.write("remove_sink", remove, |_, ()| Ok(())).await
    }

    async fn sinks(&self) -> Answer<Vec<SinkCursor>> {
        self.read("sinks", self.inner.sinks()).await
    }

    async fn change_workflow(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Answer<WorkflowReply> {
        let change = self.inner.change_workflow(id, change);
        self.write("change_workflow", change, |_, _| Ok(())).await
    }

    async fn workflow(&self, id: WorkflowId) -> Answer<Option<Workflow>> {
        self.read("workflow", self.inner.workflow(id)).await
    }

    async fn workflows(&self, page: PageRequest) -> Answer<Page<Workflow>> {
        self.read("workflows", self.inner.workflows(page)).await
    }

    async fn delete(&self, target: DeleteTarget) -> Answer<DeleteReply> {
        let judge = |state: &mut State, reply: &DeleteReply| {
            state.tally.note(match (target, reply) {
                (DeleteTarget::Run(_), DeleteReply::Deleted) => Sight::RunDeleted,
                (DeleteTarget::Batch(_), DeleteReply::Deleted) => Sight::BatchDeleted,
                (_, DeleteReply::NotFound) => Sight::DeleteFoundNothing,
                _ => Sight::DeleteRefused,
            });
            state.witness.heard_of_delete(target, *reply)
        };
        self.write("delete", self.inner.delete(target), judge).await
    }

    async fn update_run(&self, run: RunId, update: ValidUpdate) -> Answer<UpdateReply> {
        let tag = update.metadata(&Metadata::default());
        let tag = tag_of(&tag.unwrap_or_default()).expect("an update leaves a tag");
        let change = async {
            let before = self.world.lock().witness.updating.replace((run, tag));
            let answer = self.inner.update_run(run, update).await;
            let refused = |error: &StorageError| error.kind() != ErrorKind::InDoubt;
            if answer.as_ref().is_err_and(refused) {
                self.world.lock().witness.updating = before;
            }
            answer
        };
        let judge = |state: &mut State, reply: &UpdateReply| {
            if matches!(reply, UpdateReply::Updated(_)) {
                state.tally.note(Sight::RunUpdated);
            }
            state.witness.heard_of_update(run, tag, reply)
        };
        self.write("update_run", change, judge).await
    }

    async fn prune(&self, request: PruneRequest) -> Answer<Pruned> {
        let prune = async {
            let passed = self.inner.sinks().await?;
            let passed = passed.iter().map(|sink| sink.position).min();
            let seen = |at: Sequence| passed.is_none_or(|passed| at <= passed);
            for known in self.world.lock().witness.batches.values_mut() {
                known.may_be_gone |= known.finished.is_some_and(seen);
            }
            self.inner.prune(request).await
        };
        let judge = |state: &mut State, pruned: &Pruned| {
            if pruned.batches > 0 {
                state.tally.note(Sight::BatchPruned);
            }
            Ok(())
        };
        self.write("prune", prune, judge).await
    }

    async fn wait(&self, after: Sequence) -> Answer<Sequence> {
        loop {
            // Made before the look, so that nothing that grows in between is missed.
            let grew = self.world.grew.notified();
            self.world.while_alive().await;
            if !self.world.is_open() {
                return Err(StorageError::new(ErrorKind::Closed, "wait"));
            }
            let head = self.world.lock().witness.head();
            if head > after {
                return Ok(head);
            }
            grew.await;
        }
    }
    async fn close(&self) -> Answer<()> {
        self.before("close").await?;
        self.world.lock().process.call = "close";
        let answer = self.inner.close().await;
        {
            let mut state = self.world.lock();
            state.process.closed = true;
            // After a claim in doubt nobody can say what is held.
            let process = &state.process;
            state.closed_cleanly = answer.is_ok() && process.alive && !process.doubt;
        }
        self.world.grew.notify_waiters();
        self.after("close", answer).await
    }
}
