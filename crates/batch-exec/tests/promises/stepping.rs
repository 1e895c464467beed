use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use batch_core::run::RunState;
use parking_lot::Mutex;

use super::yard::Yard;
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::retry::RetryPolicy;

/// What steps have done to the outside world.
#[derive(Debug, Clone, Default)]
struct Effects(Arc<Mutex<Vec<&'static str>>>);

impl Effects {
    /// Gives how many there have been with this one.
    fn happen(&self, what: &'static str) -> usize {
        let mut all = self.0.lock();
        all.push(what);
        all.len()
    }

    fn all(&self) -> Vec<&'static str> {
        self.0.lock().clone()
    }
}

/// Charges, and fails at what comes next until the third attempt.
async fn order(run: RunContext, effects: Effects) -> Result<Outcome, ExecutorError> {
    let charge = || async {
        effects.happen("charge");
        Ok(700 + run.attempt().get())
    };
    let payment = run.step("charge", charge).await?;
    let ship = || async {
        effects.happen("ship");
        match run.attempt().get() {
            1 | 2 => Err("the carrier is closed".into()),
            _ => Ok(format!("parcel of {payment}")),
        }
    };
    let parcel: String = run.step("ship", ship).await?;
    Ok(Outcome::done(parcel))
}

#[tokio::test(start_paused = true)]
async fn a_recorded_step_is_not_repeated_and_an_error_is_not_recorded() {
    let yard = Yard::new().await;
    let effects = Effects::default();
    let seen = effects.clone();
    let work = move |run: RunContext| order(run, effects.clone());
    let dispatcher = yard.dispatcher().workflow("w", work).start();
    let dispatcher = dispatcher.await.unwrap();
    let batch = yard.submit("w", 1).await;
    assert!(yard.finished(batch).await.succeeded());
    assert_eq!(seen.all(), ["charge", "ship", "ship", "ship"]);
    let run = yard.run(batch, 0).await;
    // The first attempt's charge, which the third was given.
    assert_eq!(run.output.unwrap().as_json(), "\"parcel of 701\"");
    assert_eq!((run.attempts, run.steps), (3, 0));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn steps_stay_through_a_snooze() {
    let yard = Yard::new().await;
    let effects = Effects::default();
    let seen = effects.clone();
    let work = move |run: RunContext| {
        let effects = effects.clone();
        async move {
            run.step("order", || async { Ok(effects.happen("order")) })
                .await?;
            Ok(match run.snoozes() {
                0..5 => Outcome::snooze(Duration::from_secs(60)),
                _ => Outcome::done_without_output(),
            })
        }
    };
    let dispatcher = yard.dispatcher().workflow("w", work).start();
    let dispatcher = dispatcher.await.unwrap();
    let batch = yard.submit("w", 1).await;
    assert!(yard.finished(batch).await.succeeded());
    assert_eq!(seen.all(), ["order"]);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_told_to_stop_begins_no_step_and_the_next_worker_goes_on() {
    let yard = Yard::new().await;
    let effects = Effects::default();
    let seen = effects.clone();
    let work = move |run: RunContext| {
        let effects = effects.clone();
        async move {
            run.step("first", || async { Ok(effects.happen("first")) })
                .await?;
            tokio::time::sleep(Duration::from_secs(1_800)).await;
            run.step("second", || async { Ok(effects.happen("second")) })
                .await?;
            Ok(Outcome::done_without_output())
        }
    };
    let builder = yard.dispatcher().workflow("w", work.clone());
    let builder = builder.cancel_grace(Duration::from_secs(7_200));
    let dispatcher = builder.shutdown_grace(Duration::from_secs(1)).start();
    let dispatcher = dispatcher.await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.until(batch, |batch| batch.counts.processing == 1)
        .await;
    dispatcher.shutdown().await.unwrap();
    let run = yard.run(batch, 0).await;
    assert_eq!(
        (run.state, run.attempts, run.steps),
        (RunState::Pending, 0, 1)
    );
    let dispatcher = yard.dispatcher().workflow("w", work).start();
    let dispatcher = dispatcher.await.unwrap();
    assert!(
        yard.until(batch, |batch| batch.is_finished())
            .await
            .succeeded()
    );
    assert_eq!(seen.all(), ["first", "second"]);
    dispatcher.shutdown().await.unwrap();
}

/// Executes one run with this and gives its failure and how many attempts it had.
async fn failure_of<F, Fut>(work: F) -> (String, u32)
where
    F: Fn(RunContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, ExecutorError>> + Send,
{
    let yard = Yard::new().await;
    let policy = RetryPolicy::of_attempts(2);
    let builder = yard.dispatcher().retry(policy).workflow("w", work);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    dispatcher.shutdown().await.unwrap();
    (run.failure.unwrap().to_string(), run.attempts)
}

#[tokio::test(start_paused = true)]
async fn a_result_past_the_bound_fails_the_run_for_good_and_says_so() {
    let large = |run: RunContext| async move {
        run.step("fetch", || async { Ok("x".repeat(300_000)) })
            .await?;
        Ok(Outcome::done_without_output())
    };
    let (failure, attempts) = failure_of(large).await;
    assert_eq!(
        failure,
        "INVALID_STEP: the step fetch cannot be recorded: \
         the steps of the run would come to 300007 bytes, at most 262144"
    );
    assert_eq!(attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn two_steps_of_one_name_in_an_attempt_fail_the_run_for_good() {
    let twice = |run: RunContext| async move {
        for page in 0..2 {
            run.step("page", || async { Ok(page) }).await?;
        }
        Ok(Outcome::done_without_output())
    };
    let (failure, attempts) = failure_of(twice).await;
    let expected = "INVALID_STEP: the attempt has two steps named page";
    assert_eq!((failure.as_str(), attempts), (expected, 1));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_failed_can_be_tried_again_within_the_attempt() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let stubborn = move |run: RunContext| {
        let tries = Arc::clone(&counted);
        async move {
            loop {
                let work = || async {
                    match tries.fetch_add(1, Ordering::SeqCst) {
                        0..3 => Err("busy".into()),
                        _ => Ok(7),
                    }
                };
                if let Ok(seven) = run.step("ask", work).await {
                    return Ok(Outcome::fail("SEVEN", format!("{}", seven)));
                }
            }
        }
    };
    let (failure, attempts) = failure_of(stubborn).await;
    assert_eq!((failure.as_str(), attempts), ("SEVEN: 7", 1));
    assert_eq!(tries.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_recorded_result_of_another_type_fails_the_run_for_good() {
    let changed = |run: RunContext| async move {
        match run.attempt().get() {
            1 => {
                run.step("a", || async { Ok("text".to_owned()) }).await?;
                Err("again".into())
            }
            _ => {
                let number: u64 = run.step("a", || async { Ok(1) }).await?;
                Ok(Outcome::done(number))
            }
        }
    };
    let (failure, attempts) = failure_of(changed).await;
    assert!(
        failure.starts_with("INVALID_STEP: what the step a came to cannot be read: "),
        "{failure}"
    );
    assert_eq!(attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn steps_at_the_same_time_are_all_recorded() {
    let yard = Yard::new().await;
    let effects = Effects::default();
    let seen = effects.clone();
    let work = move |run: RunContext| {
        let effects = effects.clone();
        async move {
            let one = run.step("one", || async { Ok(effects.happen("one")) });
            let two = run.step("two", || async { Ok(effects.happen("two")) });
            tokio::try_join!(one, two)?;
            match run.attempt().get() {
                1 => Err("after both".into()),
                _ => Ok(Outcome::done_without_output()),
            }
        }
    };
    let dispatcher = yard.dispatcher().workflow("w", work).start();
    let dispatcher = dispatcher.await.unwrap();
    let batch = yard.submit("w", 1).await;
    assert!(yard.finished(batch).await.succeeded());
    assert_eq!(seen.all(), ["one", "two"]);
    dispatcher.shutdown().await.unwrap();
}
