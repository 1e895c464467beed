use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::id::BatchId;
use batch_core::run::RunState;
use tokio::time::Instant;

use super::yard::Yard;
use batch_exec::dispatcher::{Dispatcher, DispatcherBuilder};
use batch_exec::executor::{Outcome, RunContext};

const SECOND: Duration = Duration::from_secs(1);

fn two() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

async fn deaf(_: RunContext) -> Result<Outcome, batch_exec::executor::ExecutorError> {
    std::future::pending().await
}

/// A dispatcher that executes at least so many runs of a batch.
async fn busy(
    yard: &Yard,
    builder: DispatcherBuilder,
    runs: usize,
    executing: u64,
) -> (Dispatcher, BatchId) {
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", runs).await;
    let begun = |batch: &Batch| batch.counts.processing >= executing;
    yard.until(batch, begun).await;
    (dispatcher, batch)
}

/// Every run waits as if nobody had ever claimed it.
async fn assert_untouched(yard: &Yard, batch: BatchId, runs: u32) {
    let counts = yard.batch(batch).await.counts;
    assert_eq!(counts.pending, u64::from(runs), "{counts}");
    for ordinal in 0..runs {
        let run = yard.run(batch, ordinal).await;
        assert_eq!(run.state, RunState::Pending);
        assert_eq!((run.attempts, run.interruptions), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_executors_end_and_gives_back_what_none_has_begun() {
    let yard = Yard::new().await;
    let work = |_: RunContext| async {
        tokio::time::sleep(10 * SECOND).await;
        Ok(Outcome::done_without_output())
    };
    let builder = yard.dispatcher().concurrency(two()).workflow("w", work);
    let (dispatcher, batch) = busy(&yard, builder, 6, 4).await;
    let start = Instant::now();
    dispatcher.shutdown().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);
    let counts = yard.batch(batch).await.counts;
    assert_eq!((counts.processed, counts.pending), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_tells_drops_and_gives_back_executors_that_do_not_end() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().concurrency(two()).workflow("w", deaf);
    let builder = builder.shutdown_grace(20 * SECOND).cancel_grace(3 * SECOND);
    let (dispatcher, batch) = busy(&yard, builder, 6, 2).await;
    let start = Instant::now();
    dispatcher.shutdown().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 23);
    assert_untouched(&yard, batch, 6).await;
}

#[tokio::test(start_paused = true)]
async fn an_error_after_a_shutdown_has_told_the_executor_to_stop_counts_nothing() {
    let yard = Yard::new().await;
    let obey = |run: RunContext| async move {
        run.cancellation().cancelled().await;
        Err("I was told to stop")?
    };
    let builder = yard.dispatcher().shutdown_grace(SECOND).workflow("w", obey);
    let (dispatcher, batch) = busy(&yard, builder, 1, 1).await;
    dispatcher.shutdown().await.unwrap();
    assert_untouched(&yard, batch, 1).await;
}

#[tokio::test(start_paused = true)]
async fn shutting_down_now_waits_for_nobody() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().concurrency(two()).workflow("w", deaf);
    let (dispatcher, batch) = busy(&yard, builder, 6, 2).await;
    let start = Instant::now();
    dispatcher.shutdown_now().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_untouched(&yard, batch, 6).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_has_begun_can_be_made_immediate() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().workflow("w", deaf);
    let (dispatcher, batch) = busy(&yard, builder, 1, 1).await;
    let start = Instant::now();
    dispatcher.begin_shutdown();
    tokio::time::sleep(SECOND).await;
    assert_eq!(dispatcher.status().executing, 1);
    dispatcher.shutdown_now().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 1);
    assert_untouched(&yard, batch, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_dispatcher_gives_its_claims_back_in_the_background() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().concurrency(two()).workflow("w", deaf);
    let (dispatcher, batch) = busy(&yard, builder, 6, 2).await;
    drop(dispatcher);
    yard.until(batch, |batch| batch.counts.pending == 6).await;
    assert_untouched(&yard, batch, 6).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_dropped_halfway_still_gives_everything_back() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().workflow("w", deaf);
    let (dispatcher, batch) = busy(&yard, builder, 3, 3).await;
    let halfway = tokio::time::timeout(SECOND, dispatcher.shutdown());
    assert!(halfway.await.is_err());
    yard.until(batch, |batch| batch.counts.pending == 3).await;
    assert_untouched(&yard, batch, 3).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_dispatcher_gave_back_the_next_one_executes() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().workflow("w", deaf);
    let (first, batch) = busy(&yard, builder, 50, 1).await;
    first.shutdown_now().await.unwrap();
    let executed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executed);
    let done = move |_: RunContext| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(Outcome::done_without_output()) }
    };
    let second = yard.dispatcher().workflow("w", done).start().await.unwrap();
    assert!(yard.finished(batch).await.succeeded());
    assert_eq!(executed.load(Ordering::SeqCst), 50);
    second.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_dispatcher_shuts_down_at_once() {
    let yard = Yard::new().await;
    let dispatcher = yard.dispatcher().workflow("w", deaf).start().await.unwrap();
    let start = Instant::now();
    dispatcher.shutdown().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_dispatcher_that_stops_while_it_waits_for_runs_holds_none() {
    for wait in [SECOND, Duration::ZERO] {
        let yard = Yard::new().await;
        let dispatcher = yard.dispatcher().workflow("w", deaf).start().await.unwrap();
        tokio::time::sleep(SECOND).await;
        let stopped = tokio::spawn(async move { dispatcher.shutdown_now().await });
        tokio::time::sleep(wait).await;
        let batch = yard.submit("w", 3).await;
        stopped.await.unwrap().unwrap();
        yard.until(batch, |batch| batch.counts.pending == 3).await;
        assert_untouched(&yard, batch, 3).await;
    }
}
