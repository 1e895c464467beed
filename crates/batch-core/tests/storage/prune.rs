use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::batch::Extent;
use batch_core::id::{BatchId, SubmissionId};
use batch_core::request::{BatchRequest, Input};
use batch_core::storage::{CancelTarget, InsertReply, NewBatch, PruneRequest, Pruned};
use batch_core::time::Clock;

use super::faulty_kv::Fault;
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

/// A map as it was left by a process that died at some commit after `batch` ended with secrets
/// and was pruned, both at once; what it had before there was a batch; and whether it died.
async fn pruned_with_secrets(dies_after: u64) -> (Yard, usize, bool) {
    let mut yard = Yard::new().await;
    let empty = yard.kv.dump().len();
    let secret = |n: u32| Input::text(format!("{n}")).with_secret("token", "x".repeat(400));
    let id = yard
        .submit_request(BatchRequest::new("w").inputs((0..600).map(secret)))
        .await;
    yard.clock.advance(Duration::from_secs(1));
    let limit = NonZeroU32::new(100).unwrap();
    let later = yard.clock.now().wall + Duration::from_secs(60);
    let begun = yard.kv.commits();
    yard.kv.plan(Some(Fault::LoseFrom(begun + dies_after)));
    let storage = yard.storage();
    let both = tokio::join!(
        storage.cancel(CancelTarget::Batch(id)),
        storage.prune(PruneRequest::new(later, limit)),
    );
    assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
    // Steps of clearing away are commits of an idle owner.
    for _ in 0..10_000 {
        if yard.kv.commits() >= begun + dies_after || yard.kv.dump().len() <= empty + 1 {
            break;
        }
        yard.storage().sinks().await.unwrap();
        tokio::task::yield_now().await;
    }
    let died = yard.kv.commits() >= begun + dies_after;
    yard.close();
    yard.kv.plan(None);
    yard.open().unwrap();
    (yard, empty, died)
}

#[tokio::test]
async fn a_batch_pruned_before_its_secrets_had_gone_leaves_nothing_wherever_the_process_dies() {
    let mut deaths = 0;
    for dies_after in 3.. {
        let (yard, empty, died) = pruned_with_secrets(dies_after).await;
        // The entry that tells of the end goes with the next prune.
        settle_down(&yard, empty + 1).await;
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths >= 3, "only {deaths} deaths while clearing away");
}
