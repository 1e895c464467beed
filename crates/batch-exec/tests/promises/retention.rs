use std::sync::Arc;
use std::time::Duration;

use batch_core::id::{BatchId, SinkName};
use batch_core::storage::{ErrorKind, SinkStart};
use batch_core::time::ManualClock;
use batch_exec::testing::{Fault, FaultyStorage, StorageMethod, When};
use batch_exec::{Outcome, Pruner, Retention, RunContext};
use tokio::time::sleep;

use super::yard::Yard;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Retention of one hour, and of three for what has failures.
fn retention() -> Retention {
    Retention::default()
        .succeeded(HOUR)
        .cancelled(HOUR)
        .with_failures(3 * HOUR)
}

/// A batch that ended well, one with a failure, and one that was cancelled.
async fn three(yard: &Yard) -> [BatchId; 3] {
    let cancelled = yard.submit("w", 2).await;
    yard.cancel(cancelled).await;
    let dispatcher = yard
        .dispatcher()
        .workflow("w", |_: RunContext| async {
            Ok(Outcome::done_without_output())
        })
        .workflow("fails", |_: RunContext| async {
            Ok(Outcome::fail("NO", "it never works"))
        });
    let dispatcher = dispatcher.start().await.unwrap();
    let well = yard.submit("w", 2).await;
    let badly = yard.submit("fails", 2).await;
    yard.finished(well).await;
    yard.finished(badly).await;
    dispatcher.shutdown().await.unwrap();
    [well, badly, cancelled]
}

async fn there(yard: &Yard, batches: [BatchId; 3]) -> [bool; 3] {
    let mut there = [false; 3];
    for (place, id) in batches.into_iter().enumerate() {
        there[place] = yard.engine.batch(id).await.unwrap().is_some();
    }
    there
}

#[tokio::test(start_paused = true)]
async fn batches_go_when_those_of_their_ending_are_old_enough_and_not_before() {
    let yard = Yard::new().await;
    let batches = three(&yard).await;
    let pruner = Pruner::start(&yard.engine, retention());
    sleep(HOUR - 2 * MINUTE).await;
    assert_eq!(there(&yard, batches).await, [true; 3]);
    sleep(4 * MINUTE).await;
    assert_eq!(there(&yard, batches).await, [false, true, false]);
    sleep(2 * HOUR).await;
    assert_eq!(there(&yard, batches).await, [false; 3]);
    let status = pruner.status();
    assert_eq!((status.batches, status.failures), (3, 0));
    assert!(status.entries > 0 && status.passes >= 180, "{status:?}");
    pruner.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn by_default_nothing_is_ever_pruned() {
    let yard = Yard::new().await;
    let batches = three(&yard).await;
    let pruner = Pruner::start(&yard.engine, Retention::default());
    sleep(100 * HOUR).await;
    assert_eq!(there(&yard, batches).await, [true; 3]);
    assert_eq!(pruner.status().batches, 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_sink_has_not_passed_is_kept_until_it_has() {
    let yard = Yard::new().await;
    let sink = || SinkName::new("slow").unwrap();
    let start = SinkStart::Beginning;
    yard.storage().open_sink(sink(), start).await.unwrap();
    let batches = three(&yard).await;
    let _pruner = Pruner::start(&yard.engine, retention());
    sleep(5 * HOUR).await;
    assert_eq!(there(&yard, batches).await, [true; 3]);
    yard.storage().remove_sink(sink()).await.unwrap();
    sleep(2 * MINUTE).await;
    assert_eq!(there(&yard, batches).await, [false; 3]);
}

#[tokio::test(start_paused = true)]
async fn more_batches_than_one_write_takes_go_in_one_pass() {
    let yard = Yard::new().await;
    for _ in 0..200 {
        let id = yard.submit("w", 1).await;
        yard.cancel(id).await;
    }
    sleep(2 * HOUR).await;
    let pruner = Pruner::start(&yard.engine, retention());
    sleep(MINUTE / 2).await;
    let status = pruner.status();
    assert_eq!((status.batches, status.passes), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_tried_again_ever_more_rarely_and_the_status_says_why() {
    let store = FaultyStorage::in_memory(&ManualClock::default());
    let yard = Yard::new().await.behind(Arc::clone(&store) as _).await;
    for _ in 0..3 {
        let fault = Fault::Fails(ErrorKind::Transient);
        store.plan(When::next(StorageMethod::Prune), fault);
    }
    let prunes = || {
        let calls = store.calls();
        let prunes = calls
            .iter()
            .filter(|call| call.method == StorageMethod::Prune);
        prunes.count()
    };
    let pruner = Pruner::start(&yard.engine, retention());
    // Tried at 0 s, 1 s, 3 s and 7 s.
    sleep(Duration::from_millis(6_900)).await;
    assert_eq!(prunes(), 3);
    let status = pruner.status();
    assert_eq!(status.failures, 3);
    assert!(
        status
            .last_error
            .is_some_and(|error| error.contains("could not"))
    );
    sleep(Duration::from_secs(1)).await;
    let status = pruner.status();
    assert_eq!((status.failures, status.last_error), (0, None));
    assert_eq!((status.passes, prunes()), (1, 6));
}

#[tokio::test(start_paused = true)]
async fn a_pruner_ends_with_the_store_and_says_so() {
    let yard = Yard::new().await;
    let pruner = Pruner::start(&yard.engine, retention());
    sleep(MINUTE / 2).await;
    yard.engine.close().await.unwrap();
    sleep(2 * MINUTE).await;
    let status = pruner.status();
    assert_eq!(status.failures, 1);
    assert!(
        status
            .last_error
            .is_some_and(|error| error.contains("closed"))
    );
    pruner.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_pruner_that_is_dropped_prunes_no_more() {
    let yard = Yard::new().await;
    let batches = three(&yard).await;
    drop(Pruner::start(&yard.engine, retention()));
    sleep(5 * HOUR).await;
    assert_eq!(there(&yard, batches).await, [true; 3]);
}
