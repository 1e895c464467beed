use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::id::{BatchId, WorkflowId};
use batch_core::kv::KvOptions;
use batch_core::run::{Attempt, Failure, RunState};
use batch_core::storage::{
    Claim, ClaimKey, ClaimRequest, Disposition, InsertReply, NewBatch, ReviewReply, ReviewRequest,
    RunQuery, Settled, Settlement, Storage, WorkflowChange,
};
use batch_core::time::{Clock, ManualClock, SystemClock};

use super::content::{content, size};
use super::worker::step_name;
use super::{Acknowledged, Backend, Line, WORKFLOW};
use crate::recount;

/// How many claims a store gets to have all its runs ended. Runs that were interrupted
/// again and again execute a few at a time.
const ROUNDS: u32 = 500;

/// How far the work goes on after the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoOn {
    /// A fresh batch is run to its end.
    Fresh,
    /// All that the store holds is run to its end.
    Everything,
}

/// Opens the store as the next process would, checks everything in it, and works on.
///
/// What is acknowledged here is noted too.
pub fn check_after_death(backend: Backend, store: &Path, heard: &mut Acknowledged, go_on: GoOn) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime
        .unwrap()
        .block_on(check(backend, store, heard, go_on));
}

async fn check(backend: Backend, store: &Path, heard: &mut Acknowledged, go_on: GoOn) {
    let clock = later();
    let mut options = KvOptions::default();
    options.clock = Arc::new(clock.clone());
    let storage = backend.open(store, options).unwrap();
    check_content(&*storage, heard).await;
    let fresh = submit_fresh(&*storage, heard).await;
    work_on(&*storage, &clock, heard, |batches| match go_on {
        GoOn::Fresh => batches
            .iter()
            .any(|batch| batch.id == fresh && batch.is_finished()),
        GoOn::Everything => batches.iter().all(Batch::is_finished),
    })
    .await;
    let unheard = heard.check(&recount(&*storage).await);
    assert!(
        unheard.is_empty(),
        "batches that nobody asked for: {unheard:?}"
    );
}

/// A clock past whatever the children did, so that every retry is due.
fn later() -> ManualClock {
    let clock = ManualClock::default();
    let now = SystemClock::default().now().wall;
    let ahead = now.duration_since(clock.now().wall);
    clock.jump(ahead);
    clock
}

/// Everything that was acknowledged is there, everything else is whole, and each key has its one batch.
async fn check_content(storage: &dyn Storage, heard: &mut Acknowledged) {
    let mut unheard = heard.check(&recount(storage).await);
    check_steps(storage, heard).await;
    let id = WorkflowId::new(WORKFLOW).unwrap();
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(id, change).await.unwrap();
    let keys: Vec<(String, Option<BatchId>)> = heard
        .keys()
        .map(|(key, batch)| (key.clone(), batch))
        .collect();
    // Of many that were acknowledged the last ones are tried again.
    let tried = keys.len().saturating_sub(20);
    for (number, (key, known)) in keys.into_iter().enumerate() {
        if known.is_some() && number < tried {
            continue;
        }
        let id = BatchId::generate();
        let reply = storage.insert(NewBatch::single(id, content(&key))).await;
        let batch = match (reply.unwrap(), known) {
            (InsertReply::Replayed(batch), Some(known)) if batch == known => batch,
            (InsertReply::Stored, None) => id,
            (InsertReply::Replayed(batch), None) => {
                let runs = unheard.remove(&batch);
                assert_eq!(
                    runs,
                    Some(size(&key).0),
                    "{batch} is not the whole of {key}"
                );
                batch
            }
            (other, known) => panic!("{key} belongs to {known:?}: {other:?}"),
        };
        heard.take(Line::Stored(batch, key));
    }
    assert!(
        unheard.is_empty(),
        "batches without their keys: {unheard:?}"
    );
    heard.check(&recount(storage).await);
}

/// Every step that was recorded is there while its run may execute again, and none afterwards.
async fn check_steps(storage: &dyn Storage, heard: &Acknowledged) {
    for (id, tokens) in heard.recorded() {
        let run = storage.run(*id).await.unwrap();
        let steps = storage.steps(*id).await.unwrap();
        let over = |state: RunState| state.is_ended() || state == RunState::NeedsReview;
        if run.is_none_or(|run| over(run.state)) {
            assert!(steps.is_empty(), "{id} is over with {steps:?}");
            continue;
        }
        for token in tokens {
            let known = steps.get(&step_name(*token));
            assert!(
                known.is_some(),
                "{id} lost the step of {token:?}: {steps:?}"
            );
        }
    }
}

async fn submit_fresh(storage: &dyn Storage, heard: &mut Acknowledged) -> BatchId {
    let id = BatchId::generate();
    let key = format!("fresh-{id}.3.100");
    let reply = storage.insert(NewBatch::single(id, content(&key))).await;
    assert_eq!(reply.unwrap(), InsertReply::Stored);
    heard.take(Line::Stored(id, key));
    id
}

/// Claims and ends runs until enough is done.
async fn work_on(
    storage: &dyn Storage,
    clock: &ManualClock,
    heard: &mut Acknowledged,
    enough: impl Fn(&[Batch]) -> bool,
) {
    let request = ClaimRequest::new(
        vec![WorkflowId::new(WORKFLOW).unwrap()],
        std::num::NonZeroU32::new(50).unwrap(),
    );
    for round in 0..ROUNDS {
        let claimed = storage.claim(request.clone()).await.unwrap();
        if round == 0 {
            check_fenced(storage, heard).await;
        }
        let runs: Vec<_> = claimed.runs.iter().map(|run| run.claim.run()).collect();
        let processed = |claim| Settlement::new(claim, Disposition::Processed { output: None });
        let settlements = claimed.runs.into_iter().map(|run| processed(run.claim));
        let replies = storage.settle(settlements.collect()).await.unwrap();
        for (run, reply) in runs.into_iter().zip(replies) {
            let Settled::Applied(state) = reply else {
                panic!("the claim of {run} was current: {reply:?}");
            };
            heard.take(Line::Ended(run, state));
        }
        approve_all(storage, heard).await;
        let batches: Vec<Batch> = all_batches(storage).await;
        if enough(&batches) {
            return;
        }
        clock.advance(Duration::from_secs(1));
    }
    panic!("the store does not get done");
}

/// No claim of a dead process changes anything, though its run is held again.
async fn check_fenced(storage: &dyn Storage, heard: &Acknowledged) {
    let failed = || Disposition::Failed {
        failure: Failure::new("LATE", "for a test"),
        output: None,
    };
    let late = |key: &ClaimKey| Settlement::new(Claim::new(*key, Attempt::FIRST), failed());
    let settlements = heard.claims().iter().map(late).collect();
    for (key, reply) in heard
        .claims()
        .iter()
        .zip(storage.settle(settlements).await.unwrap())
    {
        assert_eq!(reply, Settled::Stale, "{key:?} of a dead process");
    }
}

/// Approves what is in review, so that its batches end.
async fn approve_all(storage: &dyn Storage, heard: &mut Acknowledged) {
    let mut query = RunQuery::default();
    query.state = Some(RunState::NeedsReview);
    let runs = storage.runs(query).await.unwrap().items;
    let requests = runs.iter().map(|run| ReviewRequest::approve(run.id));
    let replies = storage.review(requests.collect()).await.unwrap();
    for (run, reply) in runs.iter().zip(replies) {
        assert_eq!(reply, ReviewReply::Recorded, "{}", run.id);
        heard.take(Line::Ended(run.id, RunState::Processed));
    }
}

async fn all_batches(storage: &dyn Storage) -> Vec<Batch> {
    let mut query = batch_core::storage::BatchQuery::default();
    query.page.size = batch_core::storage::PageSize::MAX;
    storage.batches(query).await.unwrap().items
}
