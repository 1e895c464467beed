use std::sync::Arc;
use std::time::Duration;

use batch_core::request::Input;
use batch_core::run::RunState;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::yard::Yard;
use batch_exec::dispatcher::WorkflowOptions;
use batch_exec::executor::{Outcome, RunContext};
use batch_exec::retry::{Jitter, RetryPolicy};

fn policy(attempts: u32) -> RetryPolicy {
    RetryPolicy {
        jitter: Jitter::None,
        ..RetryPolicy::of_attempts(attempts)
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_run_is_tried_as_often_and_as_late_as_the_policy_says() {
    let yard = Yard::new().await;
    let tries = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&tries);
    let start = Instant::now();
    let fail = move |run: RunContext| {
        let key = run.idempotency_key();
        let at = start.elapsed().as_secs();
        noted.lock().push((run.attempt().get(), at, key));
        async { Err("the printer is on fire")? }
    };
    let builder = yard.dispatcher().retry(policy(4)).workflow("w", fail);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    let finished = yard.finished(batch).await;
    assert_eq!(finished.counts.failed, 1);
    let run = yard.run(batch, 0).await;
    assert_eq!((run.state, run.attempts), (RunState::Failed, 4));
    let said = run.failure.unwrap().to_string();
    assert_eq!(said, "ERROR: the printer is on fire");
    let tries = tries.lock().clone();
    let at: Vec<_> = tries.iter().map(|(n, at, _)| (*n, *at)).collect();
    assert_eq!(at, [(1, 0), (2, 1), (3, 3), (4, 7)]);
    assert!(tries.iter().all(|(_, _, key)| *key == tries[0].2));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_succeeds_at_last_ends_as_processed() {
    let yard = Yard::new().await;
    let second = |run: RunContext| async move {
        match run.attempt().get() {
            1 => Ok(Outcome::retry_after(
                Duration::from_secs(60),
                "BUSY",
                "come back later",
            )),
            _ => Ok(Outcome::done_without_output()),
        }
    };
    let dispatcher = yard
        .dispatcher()
        .workflow("w", second)
        .start()
        .await
        .unwrap();
    let start = Instant::now();
    let batch = yard.submit("w", 1).await;
    assert!(yard.finished(batch).await.succeeded());
    assert_eq!(start.elapsed().as_secs(), 60);
    assert_eq!(yard.run(batch, 0).await.attempts, 2);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_final_failure_keeps_its_output_and_is_not_tried_again() {
    let yard = Yard::new().await;
    let fail = |_: RunContext| async { Ok(Outcome::fail("BAD", "no total").with_output(7)) };
    let dispatcher = yard.dispatcher().workflow("w", fail).start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    assert_eq!((run.state, run.attempts), (RunState::Failed, 1));
    assert_eq!(run.output.unwrap().as_json(), "7");
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_workflow_can_have_a_policy_of_its_own() {
    let yard = Yard::new().await;
    let fail = |_: RunContext| async { Err("no")? };
    let options = WorkflowOptions::default().retry(RetryPolicy::NEVER);
    let builder = yard.dispatcher().retry(policy(2)).workflow("two", fail);
    let dispatcher = builder
        .workflow_with("one", options, fail)
        .start()
        .await
        .unwrap();
    let (one, two) = (yard.submit("one", 1).await, yard.submit("two", 1).await);
    yard.finished(one).await;
    yard.finished(two).await;
    assert_eq!(yard.run(one, 0).await.attempts, 1);
    assert_eq!(yard.run(two, 0).await.attempts, 2);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_output_that_is_too_large_ends_the_run_as_failed() {
    let yard = Yard::new().await;
    let large = |_: RunContext| async { Ok(Outcome::done("x".repeat(2 << 20))) };
    let dispatcher = yard
        .dispatcher()
        .workflow("w", large)
        .start()
        .await
        .unwrap();
    let batch = yard.submit_inputs("w", [Input::text("t")]).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    assert_eq!(run.failure.unwrap().reason(), "OUTPUT_TOO_LARGE");
    assert_eq!(run.attempts, 1);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_workflow_says_which_failures_are_final() {
    let yard = Yard::new().await;
    let work = |run: RunContext| async move {
        match run.id().ordinal().get() {
            0 => Ok(Outcome::retry("NO_SUCH_CUSTOMER", "7")),
            1 => std::future::pending().await,
            _ => Err("busy")?,
        }
    };
    let options = WorkflowOptions::default()
        .run_timeout(Duration::from_secs(1))
        .final_failures(["NO_SUCH_CUSTOMER", "TIMED_OUT"]);
    let builder = yard.dispatcher().retry(policy(3));
    let builder = builder.workflow_with("w", options, work);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 3).await;
    yard.finished(batch).await;
    for (ordinal, reason, attempts) in [
        (0, "NO_SUCH_CUSTOMER", 1),
        (1, "TIMED_OUT", 1),
        (2, "ERROR", 3),
    ] {
        let run = yard.run(batch, ordinal).await;
        assert_eq!(run.failure.unwrap().reason(), reason);
        assert_eq!(run.attempts, attempts, "{reason}");
    }
    dispatcher.shutdown().await.unwrap();
}
