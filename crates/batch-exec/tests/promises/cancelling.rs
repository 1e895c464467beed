use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use batch_core::batch::BatchState;
use batch_core::run::RunState;
use tokio::time::Instant;

use super::flaky_storage::{Fault, FlakyStorage};
use super::yard::Yard;
use batch_exec::dispatcher::DispatcherOptions;
use batch_exec::executor::{Outcome, RunContext};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_told_and_what_it_gives_back_is_dropped() {
    let yard = Yard::new().await;
    let obey = |run: RunContext| async move {
        run.cancellation().cancelled().await;
        Ok(Outcome::done("too late"))
    };
    let dispatcher = yard.dispatcher().workflow("w", obey).start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.until(batch, |batch| batch.counts.processing == 1)
        .await;
    let asked = Instant::now();
    yard.cancel(batch).await;
    let finished = yard.finished(batch).await;
    assert!(asked.elapsed() <= 2 * SECOND, "{:?}", asked.elapsed());
    assert_eq!(finished.state, BatchState::Cancelled);
    let run = yard.run(batch, 0).await;
    assert_eq!((run.state, run.output), (RunState::Cancelled, None));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_does_not_listen_is_dropped_after_the_grace() {
    let yard = Yard::new().await;
    let deaf = |_: RunContext| std::future::pending();
    let builder = yard
        .dispatcher()
        .cancel_grace(3 * SECOND)
        .workflow("w", deaf);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.until(batch, |batch| batch.counts.processing == 1)
        .await;
    let asked = Instant::now();
    yard.cancel(batch).await;
    let finished = yard.finished(batch).await;
    assert!((3..=5).contains(&asked.elapsed().as_secs()));
    assert_eq!(finished.state, BatchState::Cancelled);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_before_a_worker_comes_is_never_executed() {
    let yard = Yard::new().await;
    let executed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executed);
    let obey = move |run: RunContext| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            run.cancellation().cancelled().await;
            Ok(Outcome::done_without_output())
        }
    };
    let builder = yard
        .dispatcher()
        .concurrency(NonZeroUsize::MIN)
        .workflow("w", obey);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 10).await;
    yard.until(batch, |batch| batch.counts.processing > 1).await;
    yard.cancel(batch).await;
    let finished = yard.finished(batch).await;
    assert_eq!(finished.counts.cancelled, 10);
    assert_eq!(executed.load(Ordering::SeqCst), 1);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_fires_its_own_token_stops_nothing_but_its_own() {
    let yard = Yard::new().await;
    let odd = |run: RunContext| async move {
        run.cancellation().cancel();
        tokio::time::sleep(60 * SECOND).await;
        Ok(Outcome::done_without_output())
    };
    let dispatcher = yard.dispatcher().workflow("w", odd).start().await.unwrap();
    let batch = yard.submit("w", 2).await;
    assert!(yard.finished(batch).await.succeeded());
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_executor_whose_claim_is_lost_is_told_and_its_result_dropped() {
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    let told = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&told);
    let slow = move |run: RunContext| {
        let told = Arc::clone(&counted);
        async move {
            run.cancellation().cancelled().await;
            told.fetch_add(1, Ordering::SeqCst);
            Ok(Outcome::done("of a claim that is void"))
        }
    };
    let behind = yard.behind(Arc::clone(&flaky) as _).await;
    let dispatcher = behind
        .dispatcher()
        .workflow("w", slow)
        .start()
        .await
        .unwrap();
    let batch = yard.submit("w", 1).await;
    yard.until(batch, |batch| batch.counts.processing == 1)
        .await;
    flaky.will([Fault::Lost]);
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(told.load(Ordering::SeqCst), 1);
    assert_eq!(dispatcher.status().executing, 0);
    assert_eq!(yard.run(batch, 0).await.state, RunState::Processing);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_heard_of_long_before_the_next_heartbeat() {
    let yard = Yard::new().await;
    let started = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let starts = Arc::clone(&started);
    let slow = move |_: RunContext| {
        starts.lock().push(Instant::now());
        async {
            tokio::time::sleep(SECOND / 10).await;
            Ok(Outcome::done_without_output())
        }
    };
    let mut options = DispatcherOptions::default();
    options.heartbeat = 5 * SECOND;
    let builder = yard.dispatcher().options(options).workflow("w", slow);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 400).await;
    yard.until(batch, |batch| batch.counts.processed > 0).await;
    let asked = Instant::now();
    yard.cancel(batch).await;
    let finished = yard.finished(batch).await;
    assert!(finished.counts.cancelled > 300);
    let late = asked + SECOND / 20;
    let after = started.lock().iter().filter(|at| **at > late).count();
    assert_eq!(after, 0, "runs began after their batch was cancelled");
    dispatcher.shutdown().await.unwrap();
}
