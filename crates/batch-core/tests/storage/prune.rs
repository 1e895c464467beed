use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::batch::Extent;
use batch_core::id::{BatchId, SubmissionId};
use batch_core::storage::{InsertReply, NewBatch, PruneRequest, Pruned};
use batch_core::time::Clock;

use super::yard::{Yard, output, request, valid};

async fn prune(yard: &Yard) -> Pruned {
    let limit = NonZeroU32::new(100).unwrap();
    let request = PruneRequest::new(yard.clock.now().wall, limit);
    yard.storage().prune(request).await.unwrap()
}

/// Asks until the idle owner has cleared everything away.
async fn settle_down(yard: &Yard, at_most: usize) {
    for _ in 0..10_000 {
        if yard.kv.dump().len() <= at_most {
            return;
        }
        yard.storage().sinks().await.unwrap();
        tokio::task::yield_now().await;
    }
    let keys: Vec<_> = yard
        .kv
        .dump()
        .into_iter()
        .map(|kv| kv.key[0] as char)
        .collect();
    panic!("{} keys are left: {keys:?}", keys.len());
}

#[tokio::test]
async fn a_pruned_batch_leaves_nothing_behind() {
    let yard = Yard::new().await;
    let empty = yard.kv.dump().len();
    let id = yard.submit(50).await;
    for run in yard.claim(50).await {
        yard.settle(run, output(&"x".repeat(2_000))).await;
    }
    yard.clock.advance(Duration::from_secs(1));
    let pruned = prune(&yard).await;
    assert_eq!(pruned.batches, 1);
    assert!(yard.storage().batch(id).await.unwrap().is_none());
    assert!(
        yard.storage()
            .run(super::yard::run_id(id, 0))
            .await
            .unwrap()
            .is_none()
    );
    settle_down(&yard, empty).await;
}

/// One part of a submission of two, under one key.
fn part(submission: SubmissionId, number: u32, id: BatchId) -> NewBatch {
    let content = valid(request(2).idempotency_key("k"));
    let mut batch = NewBatch::single(id, content);
    batch.submission = submission;
    batch.part = number;
    batch.extent = match number {
        0 => Extent::Open,
        _ => Extent::Complete,
    };
    batch
}

#[tokio::test]
async fn no_key_of_a_submission_is_forgotten_while_a_part_of_it_is_left() {
    let yard = Yard::new().await;
    let [first, second] = [BatchId::generate(), BatchId::generate()];
    let submission = SubmissionId::of_first_batch(first);
    let storage = yard.storage();
    storage.insert(part(submission, 0, first)).await.unwrap();
    yard.work_off().await;
    storage.insert(part(submission, 1, second)).await.unwrap();
    for _ in 0..3 {
        yard.clock.advance(Duration::from_secs(25 * 60 * 60));
        prune(&yard).await;
    }
    assert!(storage.batch(first).await.unwrap().is_none());
    let again = part(submission, 0, BatchId::generate());
    let reply = storage.insert(again).await.unwrap();
    assert_eq!(reply, InsertReply::Replayed(first));
    yard.work_off().await;
    for _ in 0..3 {
        yard.clock.advance(Duration::from_secs(25 * 60 * 60));
        prune(&yard).await;
    }
    let anew = part(submission, 0, BatchId::generate());
    assert_eq!(storage.insert(anew).await.unwrap(), InsertReply::Stored);
}
