use std::sync::Arc;
use std::time::Duration;

use batch_core::request::BatchRequest;
use batch_core::run::RunState;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::yard::Yard;
use batch_exec::dispatcher::WorkflowOptions;
use batch_exec::executor::{Outcome, RunContext};
use batch_exec::retry::RetryPolicy;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_snoozed_run_comes_back_in_time_in_the_same_attempt() {
    let yard = Yard::new().await;
    let tries = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&tries);
    let start = Instant::now();
    let wait = move |run: RunContext| {
        let told = (
            run.attempt().get(),
            run.snoozes(),
            start.elapsed().as_secs(),
        );
        noted.lock().push(told);
        async move {
            Ok(match run.snoozes() {
                0..3 => Outcome::snooze(MINUTE),
                _ => Outcome::done("scanned"),
            })
        }
    };
    // One attempt is all it has: none of the snoozes takes it.
    let builder = yard.dispatcher().retry(RetryPolicy::NEVER);
    let dispatcher = builder.workflow("w", wait).start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    assert!(yard.finished(batch).await.succeeded());
    let run = yard.run(batch, 0).await;
    assert_eq!((run.attempts, run.snoozes), (1, 3));
    assert_eq!(
        *tries.lock(),
        [(1, 0, 0), (1, 1, 60), (1, 2, 120), (1, 3, 180)]
    );
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_snoozes_too_often_fails_and_says_so() {
    let yard = Yard::new().await;
    let always = |_: RunContext| async { Ok(Outcome::snooze(MINUTE)) };
    let options = WorkflowOptions::default().snoozes(2);
    let builder = yard.dispatcher().workflow_with("w", options, always);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    assert_eq!(run.state, RunState::Failed);
    let failure = run.failure.unwrap().to_string();
    assert_eq!(
        failure,
        "SNOOZED_TOO_OFTEN: it was snoozed 2 times, at most 2"
    );
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_snoozes_past_the_expiry_of_its_batch_ends_with_it() {
    let yard = Yard::new().await;
    let always = |_: RunContext| async { Ok(Outcome::snooze(MINUTE)) };
    let dispatcher = yard.dispatcher().workflow("w", always).start();
    let dispatcher = dispatcher.await.unwrap();
    let expires = yard.engine.clock().now().wall + 3 * MINUTE;
    let inputs = [batch_core::request::Input::text("t")];
    let request = BatchRequest::new("w").inputs(inputs).expires_at(expires);
    let batch = yard.engine.submit_batch(request).await.unwrap().id();
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    assert_eq!(run.failure.unwrap().reason(), "EXPIRED");
    assert_eq!(run.attempts, 0);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_snooze_keeps_no_worker_waiting() {
    let yard = Yard::new().await;
    let work = |run: RunContext| async move {
        Ok(match run.id().ordinal().get() {
            0 if run.snoozes() == 0 => Outcome::snooze(60 * MINUTE),
            _ => Outcome::done_without_output(),
        })
    };
    let builder = yard.dispatcher().workflow("w", work);
    let dispatcher = builder.concurrency(std::num::NonZeroUsize::MIN).start();
    let dispatcher = dispatcher.await.unwrap();
    let start = Instant::now();
    let batch = yard.submit("w", 9).await;
    yard.until(batch, |batch| batch.counts.processed == 8).await;
    assert!(start.elapsed() < MINUTE);
    yard.cancel(batch).await;
    dispatcher.shutdown().await.unwrap();
}
