use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use batch_core::run::RunState;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::yard::Yard;
use batch_exec::dispatcher::DispatcherOptions;
use batch_exec::executor::{Outcome, RunContext};
use batch_exec::retry::RetryPolicy;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_executor_that_never_returns_is_told_then_dropped_and_timed_out() {
    let yard = Yard::new().await;
    let told = Arc::new(Mutex::new(None));
    let note = Arc::clone(&told);
    let hang = move |run: RunContext| {
        let note = Arc::clone(&note);
        async move {
            run.cancellation().cancelled().await;
            *note.lock() = Some(Instant::now());
            std::future::pending().await
        }
    };
    let builder = yard
        .dispatcher()
        .retry(RetryPolicy::NEVER)
        .run_timeout(10 * SECOND);
    let builder = builder.cancel_grace(3 * SECOND).workflow("w", hang);
    let dispatcher = builder.start().await.unwrap();
    let start = Instant::now();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    assert_eq!(start.elapsed().as_secs(), 13);
    assert_eq!(told.lock().unwrap().duration_since(start).as_secs(), 10);
    let failure = yard.run(batch, 0).await.failure.unwrap();
    let said = failure.to_string();
    assert_eq!(said, "TIMED_OUT: the attempt took longer than 10s");
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_run_frees_its_worker_for_the_next() {
    let yard = Yard::new().await;
    let work = |run: RunContext| async move {
        match run.id().ordinal().get() {
            0 => std::future::pending().await,
            _ => Ok(Outcome::done_without_output()),
        }
    };
    let builder = yard
        .dispatcher()
        .retry(RetryPolicy::NEVER)
        .run_timeout(SECOND);
    let builder = builder.concurrency(NonZeroUsize::MIN).workflow("w", work);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 5).await;
    let counts = yard.finished(batch).await.counts;
    assert_eq!((counts.failed, counts.processed), (1, 4));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn work_that_is_done_a_little_late_is_kept() {
    let yard = Yard::new().await;
    let late = |run: RunContext| async move {
        run.cancellation().cancelled().await;
        Ok(Outcome::done("saved"))
    };
    let builder = yard.dispatcher().run_timeout(SECOND).workflow("w", late);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    assert!(yard.finished(batch).await.succeeded());
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_timed_out_run_keeps_what_its_executor_gave_back() {
    let yard = Yard::new().await;
    let late = |run: RunContext| async move {
        run.cancellation().cancelled().await;
        Ok(Outcome::retry("KILLED", "stopped").with_output("half"))
    };
    let builder = yard
        .dispatcher()
        .retry(RetryPolicy::NEVER)
        .run_timeout(SECOND);
    let dispatcher = builder.workflow("w", late).start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    assert_eq!(run.failure.unwrap().reason(), "TIMED_OUT");
    assert_eq!(run.output.unwrap().as_json(), "\"half\"");
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_may_take_longer_than_its_lease() {
    let yard = Yard::new().await;
    let slow = |_: RunContext| async {
        tokio::time::sleep(600 * SECOND).await;
        Ok(Outcome::done_without_output())
    };
    let builder = yard.dispatcher().lease(6 * SECOND).workflow("w", slow);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 3).await;
    assert!(yard.finished(batch).await.succeeded());
    let run = yard.run(batch, 0).await;
    assert_eq!((run.attempts, run.interruptions), (1, 0));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_executor_that_blocks_its_thread_is_timed_out_and_its_worker_counted_as_lost() {
    let yard = Yard::new().await;
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let block = move |run: RunContext| {
        let gate = Arc::clone(&gate);
        async move {
            if run.id().ordinal().get() == 0 {
                let _ = gate.lock().recv();
            }
            Ok(Outcome::done_without_output())
        }
    };
    let mut options = DispatcherOptions::default();
    options.blocking_after = Duration::from_millis(50);
    let builder = yard
        .dispatcher()
        .options(options)
        .retry(RetryPolicy::NEVER)
        .cancel_grace(Duration::ZERO);
    let builder = builder
        .run_timeout(Duration::from_millis(50))
        .workflow("w", block);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 3).await;
    let counts = yard.finished(batch).await.counts;
    assert_eq!((counts.failed, counts.processed), (1, 2));
    let run = yard.run(batch, 0).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(run.failure.unwrap().reason(), "TIMED_OUT");
    assert_eq!(dispatcher.status().blocked, 1);
    assert_eq!(dispatcher.status().blocking, 1);
    release.send(()).unwrap();
    while dispatcher.status().blocked > 0 || dispatcher.status().blocking > 0 {
        tokio::task::yield_now().await;
    }
    dispatcher.shutdown().await.unwrap();
}
