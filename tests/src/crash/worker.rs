use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use batch_core::id::{BatchId, RunId, SinkName, StepName, WorkflowId};
use batch_core::journal::Sequence;
use batch_core::kv::KvOptions;
use batch_core::request::{Limits, RunUpdate};
use batch_core::run::{Failure, Output, RunState, Step, Verdict};
use batch_core::storage::{
    BatchQuery, CancelTarget, Claim, ClaimRequest, ClaimToken, DeleteReply, DeleteTarget,
    Disposition, InsertReply, NewBatch, PageSize, PruneRequest, ReviewReply, ReviewRequest,
    RunQuery, Settled, Settlement, SinkStart, StepReply, Storage, UpdateReply, WorkflowChange,
};
use batch_core::time::Clock;
use batch_core::valid::validate_update;

use super::content::content;
use super::{Backend, Line, WORKFLOW};

/// Someone who works on a store and reports every step on `out`, at once.
#[allow(missing_debug_implementations, reason = "what it writes to has none")]
pub struct Worker {
    pub(super) storage: Box<dyn Storage>,
    clock: Arc<dyn Clock>,
    out: Box<dyn Write>,
    /// The runs that this process has sent into review.
    in_review: Vec<RunId>,
}

impl Worker {
    /// Opens a store.
    pub fn open(
        backend: Backend,
        store: &Path,
        clock: Arc<dyn Clock>,
        out: Box<dyn Write>,
    ) -> Self {
        let mut options = KvOptions::default();
        options.clock = Arc::clone(&clock);
        let storage = backend.open(store, options).unwrap();
        let mut worker = Self {
            storage,
            clock,
            out,
            in_review: Vec::new(),
        };
        worker.say(&Line::Opened);
        worker
    }

    pub(super) fn say(&mut self, line: &Line) {
        writeln!(self.out, "{line}").unwrap();
        self.out.flush().unwrap();
    }

    /// The workflow, and a sink that keeps the journal until it is moved on.
    pub(super) async fn found(&self) {
        let id = WorkflowId::new(WORKFLOW).unwrap();
        let change = WorkflowChange::EnsureDeployed;
        self.storage.change_workflow(id, change).await.unwrap();
        let start = SinkStart::Beginning;
        self.storage.open_sink(witness(), start).await.unwrap();
    }

    pub(super) async fn submit(&mut self, key: &str) -> BatchId {
        self.say(&Line::Submitting(key.to_owned()));
        let id = id_of(key);
        let batch = NewBatch::single(id, content(key));
        let id = match self.storage.insert(batch).await.unwrap() {
            InsertReply::Stored => id,
            InsertReply::Replayed(first) => first,
            other => panic!("{key}: {other:?}"),
        };
        self.say(&Line::Stored(id, key.to_owned()));
        id
    }

    pub(super) async fn claim(&mut self, limit: u32) -> Vec<Claim> {
        let limit = NonZeroU32::new(limit).unwrap();
        let request = ClaimRequest::new(vec![WorkflowId::new(WORKFLOW).unwrap()], limit);
        let claimed = self.storage.claim(request).await.unwrap();
        let claims: Vec<Claim> = claimed.runs.into_iter().map(|run| run.claim).collect();
        for claim in &claims {
            self.say(&Line::Claimed(claim.run(), claim.key().token));
        }
        claims
    }

    /// Records a step of a claimed run, named after the claim.
    pub(super) async fn record(&mut self, claim: &Claim, bytes: usize) {
        let token = claim.key().token;
        let step = Step::new(step_name(token), &"x".repeat(bytes)).unwrap();
        let reply = self.storage.record_step(claim.key(), step).await.unwrap();
        if reply == StepReply::Recorded {
            self.say(&Line::Recorded(claim.run(), token));
        }
    }

    /// Settles each claim in its own way.
    pub(super) async fn settle(&mut self, ends: Vec<(Claim, Disposition)>) {
        let runs: Vec<_> = ends.iter().map(|(claim, _)| claim.run()).collect();
        for run in &runs {
            self.say(&Line::Settling(*run));
        }
        let settlements = ends.into_iter();
        let settlements = settlements.map(|(claim, how)| Settlement::new(claim, how));
        let replies = self.storage.settle(settlements.collect()).await.unwrap();
        for (run, reply) in runs.into_iter().zip(replies) {
            match reply {
                Settled::Applied(state) if state.is_ended() => self.say(&Line::Ended(run, state)),
                Settled::Applied(RunState::NeedsReview) => {
                    self.in_review.push(run);
                    self.say(&Line::InReview(run));
                }
                _ => {}
            }
        }
    }

    /// Answers the run that has been in review for the shortest time, if one is.
    pub(super) async fn answer(&mut self, verdict: Verdict) {
        let Some(run) = self.in_review.pop() else {
            return;
        };
        let request = ReviewRequest::new(run, verdict).note("for a test");
        let replies = self.storage.review(vec![request]).await.unwrap();
        if replies == [ReviewReply::Recorded] {
            self.say(&Line::Ended(run, verdict.state()));
        }
    }

    /// Updates any run, with so many bytes, if there is one.
    pub(super) async fn update(&mut self, which: usize, tag: u64, bytes: usize) {
        let Some(run) = self.any_run(which, None).await else {
            return;
        };
        let long = "x".repeat(bytes);
        let update = RunUpdate::new().merge_json(format!(r#"{{"tag":{tag},"long":"{long}"}}"#));
        let update = validate_update(run.ordinal(), update, &Limits::default()).unwrap();
        self.say(&Line::Updating(run, tag));
        match self.storage.update_run(run, update).await.unwrap() {
            UpdateReply::Updated(_) => self.say(&Line::Updated(run, tag)),
            other => panic!("{run}: {other:?}"),
        }
    }

    /// Deletes a run that was processed, if there is one.
    pub(super) async fn delete_run(&mut self, which: usize) {
        let Some(run) = self.any_run(which, Some(RunState::Processed)).await else {
            return;
        };
        self.say(&Line::Deleting(run));
        match self.storage.delete(DeleteTarget::Run(run)).await.unwrap() {
            DeleteReply::Deleted => self.say(&Line::Deleted(run)),
            other => panic!("{run}: {other:?}"),
        }
    }

    /// Deletes one of the batches that have finished, if one has.
    pub(super) async fn delete_batch(&mut self, which: usize) {
        let finished: Vec<_> = self.finished().await.into_iter().collect();
        if finished.is_empty() {
            return;
        }
        let batch = finished[which % finished.len()];
        self.say(&Line::Pruning(batch));
        let reply = self.storage.delete(DeleteTarget::Batch(batch)).await;
        assert_eq!(reply.unwrap(), DeleteReply::Deleted, "{batch}");
        self.say(&Line::Pruned(batch));
    }

    pub(super) async fn cancel(&mut self, batch: BatchId) {
        let target = CancelTarget::Batch(batch);
        self.storage.cancel(target).await.unwrap();
        self.say(&Line::Cancelled(batch));
    }

    /// Moves the sink on, to at most `behind` entries before the head.
    pub(super) async fn advance_sink(&mut self, behind: u64) {
        let position = self.storage.sinks().await.unwrap()[0].position;
        let one = NonZeroU32::MIN;
        let head = self.storage.journal(position, one).await.unwrap().head;
        let to = Sequence::new(head.get().saturating_sub(behind));
        if to > position {
            self.storage.advance_sink(witness(), to).await.unwrap();
        }
    }

    /// Prunes at most so many of the batches that have finished and that the sink has passed.
    pub(super) async fn prune(&mut self, limit: u32) {
        let before = self.finished().await;
        for batch in &before {
            self.say(&Line::Pruning(*batch));
        }
        let soon = self.clock.now().wall + Duration::from_secs(1);
        let request = PruneRequest::new(soon, NonZeroU32::new(limit).unwrap());
        self.storage.prune(request).await.unwrap();
        let after = self.finished().await;
        for batch in before.difference(&after) {
            self.say(&Line::Pruned(*batch));
        }
    }

    /// One of the runs of the store that stand so.
    async fn any_run(&self, which: usize, state: Option<RunState>) -> Option<RunId> {
        let mut query = RunQuery::default();
        query.state = state;
        query.page.size = PageSize::MAX;
        let runs = self.storage.runs(query).await.unwrap().items;
        let run = runs.get(which.checked_rem(runs.len())?)?;
        Some(run.id)
    }

    async fn finished(&self) -> BTreeSet<BatchId> {
        let mut query = BatchQuery::default();
        query.page.size = PageSize::MAX;
        let page = self.storage.batches(query).await.unwrap();
        let finished = page.items.iter().filter(|batch| batch.is_finished());
        finished.map(|batch| batch.id).collect()
    }
}

/// What a holder names its step.
pub(super) fn step_name(token: ClaimToken) -> StepName {
    StepName::new(&token.get().to_string()).unwrap()
}

fn witness() -> SinkName {
    SinkName::new("witness").unwrap()
}

/// The id that a batch gets under a key: the same each time, so that stores can be compared.
pub(super) fn id_of(key: &str) -> BatchId {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, key).hash(&mut hasher);
        hasher.finish()
    };
    format!("batch_{:016x}{:016x}", half(0), half(1))
        .parse()
        .unwrap()
}

pub(super) fn processed(output_bytes: usize) -> Disposition {
    let output = (output_bytes > 0).then(|| Output::new(&"x".repeat(output_bytes)).unwrap());
    Disposition::Processed { output }
}

pub(super) fn needs_review(output_bytes: usize) -> Disposition {
    Disposition::NeedsReview {
        note: "for a test".into(),
        output: Some(Output::new(&"x".repeat(output_bytes)).unwrap()),
    }
}

pub(super) fn failed() -> Disposition {
    Disposition::Failed {
        failure: failure(),
        output: None,
    }
}

pub(super) fn retry(after: Duration) -> Disposition {
    Disposition::Retry {
        after,
        failure: failure(),
    }
}

fn failure() -> Failure {
    Failure::new("PLANNED", "for a test")
}
