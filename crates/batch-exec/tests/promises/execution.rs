use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use batch_core::request::Input;
use batch_core::run::RunState;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::Instant;

use super::flaky_storage::{Fault, FlakyStorage};
use super::yard::Yard;
use batch_exec::dispatcher::StartError;
use batch_exec::executor::{Outcome, RunContext, from_fn, typed};
use batch_exec::retry::RetryPolicy;

#[tokio::test(start_paused = true)]
async fn every_run_of_a_batch_is_executed_once_and_its_output_kept() {
    let yard = Yard::new().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_by = Arc::clone(&seen);
    let echo = move |run: RunContext| {
        let seen = Arc::clone(&seen_by);
        async move {
            seen.lock().push(run.id().ordinal().get());
            Ok(Outcome::done(run.text()?))
        }
    };
    let dispatcher = yard
        .dispatcher()
        .workflow("echo", echo)
        .start()
        .await
        .unwrap();
    let batch = yard.submit("echo", 1_000).await;
    let finished = yard.finished(batch).await;
    assert_eq!(finished.counts.processed, 1_000);
    assert_eq!(seen.lock().len(), 1_000);
    assert_eq!(seen.lock().iter().collect::<BTreeSet<_>>().len(), 1_000);
    let run = yard.run(batch, 17).await;
    assert_eq!(run.output.unwrap().as_json(), "\"text 17\"");
    assert_eq!(run.attempts, 1);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_threads_lose_and_repeat_nothing() {
    let yard = Yard::new().await;
    let executed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executed);
    let count = move |_: RunContext| {
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Outcome::done_without_output())
        }
    };
    let dispatcher = yard
        .dispatcher()
        .workflow("count", count)
        .start()
        .await
        .unwrap();
    let mut batches = Vec::new();
    for _ in 0..10 {
        batches.push(yard.submit("count", 1_000).await);
    }
    for batch in batches {
        assert_eq!(yard.finished(batch).await.counts.processed, 1_000);
    }
    assert_eq!(executed.load(Ordering::Relaxed), 10_000);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_more_runs_execute_at_once_than_the_concurrency_says() {
    let yard = Yard::new().await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, top) = (Arc::clone(&now), Arc::clone(&most));
    let work = move |_: RunContext| {
        let (inside, top) = (Arc::clone(&inside), Arc::clone(&top));
        async move {
            top.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            Ok(Outcome::done_without_output())
        }
    };
    let three = NonZeroUsize::new(3).unwrap();
    let builder = yard.dispatcher().concurrency(three).workflow("w", work);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 30).await;
    yard.finished(batch).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_dispatcher_picks_up_a_new_batch_at_once() {
    let yard = Yard::new().await;
    let done = |_: RunContext| async { Ok(Outcome::done_without_output()) };
    let dispatcher = yard.dispatcher().workflow("w", done).start().await.unwrap();
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let submitted = Instant::now();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    assert_eq!(submitted.elapsed(), Duration::ZERO);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_workflow_nobody_executes_waits_and_costs_no_attempt() {
    let yard = Yard::new().await;
    let done = |_: RunContext| async { Ok(Outcome::done_without_output()) };
    let dispatcher = yard
        .dispatcher()
        .workflow("known", done)
        .start()
        .await
        .unwrap();
    let orphan = yard.submit("unknown", 1).await;
    let batch = yard.submit("known", 1).await;
    yard.finished(batch).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let run = yard.run(orphan, 0).await;
    assert_eq!((run.state, run.attempts), (RunState::Pending, 0));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn panics_are_failures_with_their_message_and_cost_the_pool_nothing() {
    let yard = Yard::new().await;
    let explode = |run: RunContext| async move {
        match run.id().ordinal().get() {
            0..100 => panic!("bad invoice {}", run.text()?),
            _ => Ok(Outcome::done_without_output()),
        }
    };
    let two = NonZeroUsize::new(2).unwrap();
    let builder = yard.dispatcher().concurrency(two).retry(RetryPolicy::NEVER);
    let dispatcher = builder.workflow("w", explode).start().await.unwrap();
    let batch = yard.submit("w", 102).await;
    let counts = yard.finished(batch).await.counts;
    assert_eq!((counts.failed, counts.processed), (100, 2));
    let failure = yard.run(batch, 7).await.failure.unwrap();
    assert_eq!(failure.to_string(), "PANICKED: bad invoice text 7");
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_executor_may_submit_a_batch_and_wait_for_it() {
    let yard = Yard::new().await;
    let inner = yard.clone();
    let outer = move |_: RunContext| {
        let yard = inner.clone();
        async move {
            let batch = yard.submit("inner", 3).await;
            Ok(Outcome::done(yard.finished(batch).await.counts.processed))
        }
    };
    let done = |_: RunContext| async { Ok(Outcome::done_without_output()) };
    let builder = yard
        .dispatcher()
        .workflow("outer", outer)
        .workflow("inner", done);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("outer", 1).await;
    yard.finished(batch).await;
    assert_eq!(yard.run(batch, 0).await.output.unwrap().as_json(), "3");
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_typed_executor_reads_text_or_metadata_and_refuses_what_does_not_fit() {
    #[derive(serde::Deserialize)]
    struct Sum {
        a: i64,
        b: i64,
    }
    let yard = Yard::new().await;
    let add = typed(|sum: Sum, _| async move { Ok(sum.a + sum.b) });
    let dispatcher = yard
        .dispatcher()
        .workflow("add", add)
        .start()
        .await
        .unwrap();
    let inputs = [
        Input::text(r#"{"a": 1, "b": 2}"#),
        Input::file_id("f").with_metadata(json!({"a": 3, "b": 4})),
        Input::text("no json"),
    ];
    let batch = yard.submit_inputs("add", inputs).await;
    yard.finished(batch).await;
    assert_eq!(yard.run(batch, 0).await.output.unwrap().as_json(), "3");
    assert_eq!(yard.run(batch, 1).await.output.unwrap().as_json(), "7");
    let refused = yard.run(batch, 2).await;
    assert_eq!(refused.failure.unwrap().reason(), "INVALID_INPUT");
    assert_eq!(refused.attempts, 1);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_function_with_its_own_error_type_is_an_executor() {
    async fn work(run: RunContext) -> anyhow::Result<Outcome> {
        use anyhow::Context;
        let number: u64 = run.text()?.parse().context("read the number")?;
        Ok(Outcome::done(number))
    }
    let yard = Yard::new().await;
    let builder = yard.dispatcher().retry(RetryPolicy::NEVER);
    let dispatcher = builder.workflow("w", from_fn(work)).start().await.unwrap();
    let batch = yard.submit_inputs("w", [Input::text("x")]).await;
    yard.finished(batch).await;
    let failure = yard.run(batch, 0).await.failure.unwrap();
    let said = failure.to_string();
    assert_eq!(
        said,
        "ERROR: read the number: invalid digit found in string"
    );
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_input_of_another_kind_fails_the_run_without_a_second_attempt() {
    let yard = Yard::new().await;
    let text = |run: RunContext| async move { Ok(Outcome::done(run.text()?)) };
    let dispatcher = yard.dispatcher().workflow("w", text).start().await.unwrap();
    let batch = yard.submit_inputs("w", [Input::file_id("f")]).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    let said = run.failure.unwrap().to_string();
    assert_eq!(said, "WRONG_INPUT: the input is a file id, not a text");
    assert_eq!(run.attempts, 1);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_executor_sees_its_secrets_and_debug_does_not_show_them() {
    let yard = Yard::new().await;
    let shown = Arc::new(Mutex::new(String::new()));
    let show = Arc::clone(&shown);
    let work = move |run: RunContext| {
        *show.lock() = format!("{run:?}");
        async move { Ok(Outcome::done(run.secrets().get("token") == Some("hunter2"))) }
    };
    let dispatcher = yard.dispatcher().workflow("w", work).start().await.unwrap();
    let input = Input::text("t").with_secret("token", "hunter2");
    let batch = yard.submit_inputs("w", [input]).await;
    yard.finished(batch).await;
    assert_eq!(yard.run(batch, 0).await.output.unwrap().as_json(), "true");
    assert!(shown.lock().contains("token") && !shown.lock().contains("hunter2"));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_executors_for_one_workflow_are_refused() {
    let done = |_: RunContext| async { Ok(Outcome::done_without_output()) };
    let builder = Yard::new()
        .await
        .dispatcher()
        .workflow("w", done)
        .workflow("w", done);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::DuplicateWorkflow(name) if name.as_str() == "w"));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_no_workflow_can_have_is_refused_by_its_name() {
    let yard = Yard::new().await;
    let done = |_: RunContext| async move { Ok(Outcome::done_without_output()) };
    let builder = yard.dispatcher().workflow("a\tb", done);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::InvalidName(_)), "{error:?}");
    assert!(error.to_string().contains(r#""a\tb""#), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_executor_sees_what_its_run_is_and_by_when_it_must_be_done() {
    let yard = Yard::new().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let see = Arc::clone(&seen);
    let work = move |run: RunContext| {
        see.lock().push((run, tokio::time::Instant::now()));
        async { Err("again")? }
    };
    let builder = yard.dispatcher().run_timeout(Duration::from_secs(60));
    let builder = builder.retry(RetryPolicy::of_attempts(2));
    let dispatcher = builder.workflow("w", work).start().await.unwrap();
    let input = Input::text("t")
        .with_name("invoice 7")
        .with_metadata_json(r#"{"customer":7}"#);
    let batch = yard.submit_inputs("w", [input]).await;
    yard.finished(batch).await;
    let seen = std::mem::take(&mut *seen.lock());
    for (n, (run, began)) in seen.iter().enumerate() {
        assert_eq!((run.batch(), run.id().ordinal().get()), (batch, 0));
        assert_eq!(run.submission().first_batch(), batch);
        assert_eq!(
            (run.workflow().as_str(), run.name()),
            ("w", Some("invoice 7"))
        );
        assert_eq!(run.metadata().as_json(), r#"{"customer":7}"#);
        assert_eq!(run.attempt().get() as usize, n + 1);
        assert_eq!((run.interruptions(), run.snoozes()), (0, 0));
        assert_eq!(run.deadline(), Some(*began + Duration::from_secs(60)));
        assert_eq!(run.idempotency_key(), seen[0].0.idempotency_key());
    }
    assert_eq!(seen.len(), 2);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_dispatcher_executes_at_once_what_comes_whatever_its_store_does_with_claims() {
    for faults in [vec![], vec![Fault::Impatient]] {
        let yard = Yard::new().await;
        let flaky = FlakyStorage::new(yard.storage());
        flaky.will(faults);
        let behind = yard.behind(Arc::clone(&flaky) as _).await;
        let done = |_: RunContext| async { Ok(Outcome::done_without_output()) };
        let dispatcher = behind.dispatcher().workflow("w", done);
        let dispatcher = dispatcher.start().await.unwrap();
        for _ in 0..3 {
            // Longer than a claim waits in a store.
            tokio::time::sleep(Duration::from_secs(100)).await;
            let came = Instant::now();
            let batch = yard.submit("w", 2).await;
            assert!(yard.finished(batch).await.succeeded());
            assert_eq!(came.elapsed(), Duration::ZERO);
        }
        dispatcher.shutdown().await.unwrap();
    }
}
