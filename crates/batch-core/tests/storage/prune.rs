use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::id::SinkName;
use batch_core::storage::{InsertReply, PruneRequest, Pruned, SinkStart};
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

#[tokio::test]
async fn a_live_batch_is_never_pruned() {
    let yard = Yard::new().await;
    let id = yard.submit(2).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, output("done")).await;
    yard.clock.advance(Duration::from_secs(3_600));
    assert_eq!(prune(&yard).await.batches, 0);
    assert_eq!(yard.batch(id).await.counts.pending, 1);
}

#[tokio::test]
async fn a_batch_that_finished_later_than_asked_stays() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    yard.work_off().await;
    assert_eq!(prune(&yard).await.batches, 0);
}

#[tokio::test]
async fn nothing_is_pruned_that_a_sink_has_not_passed() {
    let yard = Yard::new().await;
    let sink = || SinkName::new("slow").unwrap();
    yard.storage()
        .open_sink(sink(), SinkStart::Beginning)
        .await
        .unwrap();
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock.advance(Duration::from_secs(1));
    let pruned = prune(&yard).await;
    assert_eq!((pruned.batches, pruned.entries), (0, 0));
    let head = yard.journal().await.last().unwrap().sequence;
    yard.storage().advance_sink(sink(), head).await.unwrap();
    let pruned = prune(&yard).await;
    assert_eq!((pruned.batches, pruned.entries), (1, head.get()));
}

#[tokio::test]
async fn sequences_are_not_used_again_after_everything_was_trimmed() {
    let mut yard = Yard::new().await;
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock.advance(Duration::from_secs(1));
    let trimmed = prune(&yard).await.entries;
    yard.crash();
    yard.submit(1).await;
    let first = yard.journal().await.remove(0);
    assert_eq!(first.sequence.get(), trimmed + 1);
}

#[tokio::test]
async fn a_key_outlives_its_batch_for_the_retention_and_no_longer() {
    let yard = Yard::new().await;
    let keyed = || request(1).idempotency_key("k");
    let id = yard.submit_request(keyed()).await;
    yard.work_off().await;
    yard.clock.advance(Duration::from_secs(60));
    assert_eq!(prune(&yard).await.batches, 1);
    let replay = yard.insert(valid(keyed())).await;
    assert_eq!(replay, InsertReply::Replayed(id));
    yard.clock.advance(Duration::from_secs(24 * 3_600));
    prune(&yard).await;
    assert_eq!(yard.insert(valid(keyed())).await, InsertReply::Stored);
}
