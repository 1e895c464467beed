use std::num::NonZeroU64;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use crate::conformance::sample::{processed, request, retry, valid};
use crate::conformance::yard::Yard;
use crate::id::BatchId;
use crate::request::{BatchRequest, Input};
use crate::run::RunState;
use crate::storage::{BatchQuery, Disposition, InsertReply, NewBatch, QueueBound};
use crate::time::Clock;

fn bound(runs: u64) -> QueueBound {
    QueueBound::new(NonZeroU64::new(runs).unwrap())
}

fn bounded(request: BatchRequest, runs: u64) -> NewBatch {
    let mut batch = NewBatch::single(BatchId::generate(), valid(request));
    batch.queue_bound = Some(bound(runs));
    batch
}

/// Stores a batch of so many where at most so many may wait.
async fn insert(yard: &Yard, inputs: u32, runs: u64) -> InsertReply {
    let batch = bounded(request(inputs), runs);
    yard.storage().insert(batch).await.unwrap()
}

fn full(depth: u64, runs: u64) -> InsertReply {
    let bound = bound(runs);
    InsertReply::QueueFull { depth, bound }
}

/// Shows: "A batch that brings a bound is refused with InsertReply::QueueFull where its runs and those that wait would be more than the bound; the reply says how many wait, and nothing is written."
pub(crate) async fn a_submit_past_the_bound_is_refused_and_writes_nothing(yard: &mut Yard) {
    assert_eq!(insert(yard, 6, 10).await, InsertReply::Stored);
    let head = yard.head().await;
    let refused = bounded(request(5), 10);
    let id = refused.id;
    assert_eq!(yard.storage().insert(refused).await.unwrap(), full(6, 10));
    assert_eq!(yard.head().await, head);
    assert_eq!(yard.storage().batch(id).await.unwrap(), None);
    assert_eq!(insert(yard, 4, 10).await, InsertReply::Stored);
    assert_eq!(insert(yard, 1, 10).await, full(10, 10));
    // Without a bound nothing is refused.
    yard.submit(3).await;
}

/// Shows: "A batch that brings a bound is refused with InsertReply::QueueFull where its runs and those that wait would be more than the bound; the reply says how many wait, and nothing is written."
pub(crate) async fn a_batch_of_megabytes_past_the_bound_leaves_nothing(yard: &mut Yard) {
    let large = || {
        let input = |n| Input::text(format!("{n} {}", "x".repeat(300_000)));
        BatchRequest::new("w").inputs((0..10).map(input))
    };
    let refused = bounded(large(), 9);
    let id = refused.id;
    assert_eq!(yard.storage().insert(refused).await.unwrap(), full(0, 9));
    assert_eq!(yard.storage().batch(id).await.unwrap(), None);
    let stored = bounded(large(), 10);
    let reply = yard.storage().insert(stored).await.unwrap();
    assert_eq!(reply, InsertReply::Stored);
}

/// Shows: "The idempotency key is looked up before the catalogue, and both before the bound."
pub(crate) async fn a_replay_is_answered_though_the_queue_is_full(yard: &mut Yard) {
    let keyed = |inputs| bounded(request(inputs).idempotency_key("k"), 3);
    let first = keyed(3);
    let id = first.id;
    let storage = yard.storage();
    assert_eq!(storage.insert(first).await.unwrap(), InsertReply::Stored);
    let again = storage.insert(keyed(3)).await.unwrap();
    assert_eq!(again, InsertReply::Replayed(id));
    let other = storage.insert(keyed(2)).await.unwrap();
    assert_eq!(other, InsertReply::KeyConflict(id));
    let mut unknown = request(1);
    unknown.workflow = "unknown".into();
    let reply = storage.insert(bounded(unknown, 3)).await.unwrap();
    assert_eq!(reply, InsertReply::UnknownWorkflow);
}

/// Shows: "Runs that come to wait again are never refused."
pub(crate) async fn room_comes_as_runs_are_claimed_and_goes_as_they_come_back(yard: &mut Yard) {
    insert(yard, 4, 4).await;
    let mut held = yard.claim(3).await.into_iter();
    assert_eq!(insert(yard, 4, 4).await, full(1, 4));
    assert_eq!(insert(yard, 3, 4).await, InsertReply::Stored);
    yard.settle(held.next().unwrap(), retry(60)).await;
    yard.settle(held.next().unwrap(), Disposition::Released)
        .await;
    yard.settle(held.next().unwrap(), processed()).await;
    assert_eq!(insert(yard, 1, 4).await, full(6, 4));
}

/// Shows: "Runs that come to wait again are never refused."
pub(crate) async fn cancelled_and_expired_runs_make_room(yard: &mut Yard) {
    let at = yard.clock().now().wall + Duration::from_secs(10);
    let cancelled = yard.submit(3).await;
    let one = yard.submit(2).await;
    yard.submit_request(request(4).expires_at(at)).await;
    assert_eq!(insert(yard, 1, 9).await, full(9, 9));
    yard.cancel_batch(cancelled).await;
    yard.cancel_run(one, 1).await;
    assert_eq!(insert(yard, 5, 9).await, full(5, 9));
    yard.clock().advance(Duration::from_secs(10));
    yard.prune_once(1).await;
    assert_eq!(insert(yard, 9, 9).await, full(1, 9));
    assert_eq!(yard.state(one, 0).await, RunState::Pending);
}

/// Shows: "A batch that brings a bound is refused with InsertReply::QueueFull where its runs and those that wait would be more than the bound; the reply says how many wait, and nothing is written."
pub(crate) async fn waiting_runs_are_counted_again_after_a_crash(yard: &mut Yard) {
    yard.submit(5).await;
    let run = yard.claim_one().await;
    yard.settle(run, processed()).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(60)).await;
    yard.crash().await;
    assert_eq!(insert(yard, 2, 5).await, full(4, 5));
    assert_eq!(insert(yard, 1, 5).await, InsertReply::Stored);
}

/// Shows: "A batch that brings a bound is refused with InsertReply::QueueFull where its runs and those that wait would be more than the bound; the reply says how many wait, and nothing is written."
pub(crate) async fn many_threads_submit_against_one_bound_and_none_gets_past(yard: &mut Yard) {
    let (harness, storage) = (yard.harness(), yard.storage());
    let replies = Mutex::new(Vec::new());
    let submit = async || {
        for _ in 0..8 {
            let batch = bounded(request(3), 40);
            let reply = storage.insert(batch).await.unwrap();
            replies.lock().push(reply);
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| harness.block_on(Box::pin(submit())));
        }
    });
    let replies = replies.into_inner();
    let stored = replies.iter().filter(|r| **r == InsertReply::Stored);
    assert_eq!(stored.count(), 13);
    let rest = replies.iter().filter(|r| **r == full(39, 40));
    assert_eq!(rest.count(), 32 - 13, "{replies:?}");
    assert_eq!(yard.batches(BatchQuery::default()).await.len(), 13);
}
