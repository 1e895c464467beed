use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::engine::{Engine, SubmissionRequest};
use batch_core::id::BatchId;
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::request::{Input, Limits};
use batch_core::storage::{CancelReply, CancelTarget, ClaimRequest};
use batch_core::time::Clock;

use super::faulty_kv::FaultyKv;
use super::yard::{Yard, needs_review, request, workflow};

async fn cancel(yard: &Yard, target: CancelTarget) -> CancelReply {
    yard.storage().cancel(target).await.unwrap()
}

/// How much is written to cancel a batch.
async fn writes_of_cancelling(yard: &Yard, id: BatchId) -> u64 {
    let before = yard.kv.writes();
    let reply = cancel(yard, CancelTarget::Batch(id)).await;
    assert_eq!(reply, CancelReply::Cancelled);
    yard.kv.writes() - before
}

#[tokio::test]
async fn cancelling_a_thousand_waiting_runs_costs_the_writes_of_cancelling_ten() {
    let yard = Yard::new().await;
    let mut costs = Vec::new();
    for inputs in [10, 1_000] {
        let id = yard.submit(inputs).await;
        costs.push(writes_of_cancelling(&yard, id).await);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn cancelling_a_thousand_runs_in_review_costs_the_writes_of_cancelling_ten() {
    let yard = Yard::new().await;
    let mut costs = Vec::new();
    for inputs in [10, 1_000] {
        let id = yard.submit(inputs).await;
        let mut left = inputs;
        while left > 0 {
            for run in yard.claim(left).await {
                yard.settle(run, needs_review()).await;
                left -= 1;
            }
        }
        assert_eq!(yard.batch(id).await.counts.needs_review, u64::from(inputs));
        costs.push(writes_of_cancelling(&yard, id).await);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn a_thousand_waiting_runs_expire_in_the_writes_of_ten() {
    let yard = Yard::new().await;
    let mut costs = Vec::new();
    for inputs in [10, 1_000] {
        let at = yard.clock.now().wall + Duration::from_secs(10);
        let id = yard.submit_request(request(inputs).expires_at(at)).await;
        yard.clock.advance(Duration::from_secs(10));
        let before = yard.kv.writes();
        assert!(yard.claim(1).await.is_empty());
        assert_eq!(yard.batch(id).await.counts.failed, u64::from(inputs));
        costs.push(yard.kv.writes() - before);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn more_batches_than_one_commit_takes_expire_in_several() {
    let yard = Yard::new().await;
    let at = yard.clock.now().wall + Duration::from_secs(10);
    for _ in 0..513 {
        yard.submit_request(request(1).expires_at(at)).await;
    }
    yard.submit(1).await;
    yard.clock.advance(Duration::from_secs(10));
    let request = || ClaimRequest::new(vec![workflow()], NonZeroU32::MIN);
    let first = yard.storage().claim(request()).await.unwrap();
    assert!(
        first.runs.is_empty(),
        "nothing is claimed beside what is left to expire"
    );
    assert_eq!(first.next_due, Some(Duration::ZERO));
    let second = yard.storage().claim(request()).await.unwrap();
    assert_eq!(second.runs.len(), 1);
}

/// The writes of cancelling a submission of a hundred batches with so many inputs each.
async fn cost_of_cancelling(inputs_a_batch: u32) -> u64 {
    let kv = FaultyKv::new();
    let store = KvStorage::start(kv.clone(), KvOptions::default()).unwrap();
    let mut limits = Limits::default();
    limits.inputs = inputs_a_batch;
    let engine = Engine::builder().limits(limits).open(store).await.unwrap();
    engine.ensure_deployed(workflow()).await.unwrap();
    let inputs = (0..100 * inputs_a_batch).map(|n| Input::text(n.to_string()));
    let submission = engine.submit_all(SubmissionRequest::new("w"), inputs);
    let submission = submission.await.unwrap();
    let before = kv.writes();
    assert_eq!(submission.cancel().await.unwrap(), 100);
    let end = submission.progress().await.unwrap();
    assert_eq!(end.counts.cancelled, u64::from(100 * inputs_a_batch));
    kv.writes() - before
}

#[tokio::test]
async fn cancelling_a_submission_of_100_000_waiting_runs_costs_the_writes_of_its_batches() {
    let few = cost_of_cancelling(10).await;
    let many = cost_of_cancelling(1_000).await;
    assert_eq!(many, few);
    assert!(many <= 100 * 8, "{many} writes for 100 batches");
}
