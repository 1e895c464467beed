use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::storage::{PruneRequest, Pruned};
use batch_core::time::Clock;

use super::yard::{Yard, output};

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
