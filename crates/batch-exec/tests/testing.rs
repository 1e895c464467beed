//! What the test kit promises to the tests of a host.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::SubmitError;
use batch_core::id::{BatchId, RunId};
use batch_core::journal::EventKind;
use batch_core::ordinal::Ordinal;
use batch_core::request::{BatchRequest, Input};
use batch_core::run::RunState;
use batch_core::storage::ErrorKind;
use batch_core::time::ManualClock;
use batch_exec::RetryPolicy;
use batch_exec::sink::{EventFilter, SinkOptions};
use batch_exec::testing::{
    Fault, FaultyStorage, RecordingSink, Script, ScriptedExecutor, Step, StorageCall,
    StorageMethod, TestEngine, When,
};

fn texts(number: u32) -> impl Iterator<Item = Input> {
    (0..number).map(|n| Input::text(format!("text {n}")))
}

async fn scripted(executor: &ScriptedExecutor) -> TestEngine {
    let builder = TestEngine::builder().workflow("w", executor.clone());
    builder.open().await.unwrap()
}

async fn submit(test: &TestEngine, number: u32) -> BatchId {
    test.engine().submit("w", texts(number)).await.unwrap().id()
}

#[tokio::test]
async fn nothing_happens_before_a_step_and_a_step_is_one_run_from_claim_to_delivery() {
    let (executor, heard) = (ScriptedExecutor::new(Script::Ok), RecordingSink::new());
    let builder = TestEngine::builder().workflow("w", executor.clone());
    let test = builder.sink("audit", heard.clone()).open().await.unwrap();
    let batch = submit(&test, 2).await;
    assert!(executor.calls().is_empty() && heard.events().is_empty());
    let run = RunId::new(batch, Ordinal::new(0));
    let now = RunState::Processed;
    assert_eq!(test.step().await.unwrap(), Step::Executed { run, now });
    assert_eq!(executor.calls().len(), 1);
    assert_eq!(heard.names_of(run), ["run.started", "run.processed"]);
    test.check(batch).await.unfinished().processed(1);
}

#[tokio::test]
async fn a_drain_lets_retries_wait_and_a_whole_drain_lets_the_clock_run_to_them() {
    let executor = ScriptedExecutor::new(Script::OkWith("done".into()))
        .on(1, Script::FailTimes(2))
        .on(2, Script::FailForGood("BAD".into()))
        .on(3, Script::Panic("boom".into()));
    let test = scripted(&executor).await;
    let batch = submit(&test, 4).await;
    let drained = test.drain().await.unwrap();
    assert_eq!(drained.attempts, 4);
    assert!(
        drained
            .next_due
            .is_some_and(|wait| wait <= Duration::from_secs(1))
    );
    test.check(batch).await.unfinished().processed(1).failed(1);
    let drained = test.drain_all().await.unwrap();
    assert_eq!((drained.attempts, drained.next_due), (4, None));
    let check = test.check(batch).await;
    check.finished().processed(2).failed(2).cancelled(0);
    check
        .output(0, "done")
        .attempts(1, 3)
        .run(1, RunState::Processed);
    check
        .failed_with(2, "BAD")
        .failed_with(3, "PANICKED")
        .attempts(3, 3);
}

#[tokio::test]
async fn the_same_test_sees_the_same_ids_and_events_each_time() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let heard = RecordingSink::new();
        let executor = ScriptedExecutor::new(Script::FailTimes(1));
        let builder = TestEngine::builder().workflow("w", executor);
        let test = builder.sink("audit", heard.clone()).open().await.unwrap();
        submit(&test, 20).await;
        test.drain_all().await.unwrap();
        seen.push(heard.events());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].len(), 3 + 20 * 4);
}

#[tokio::test]
async fn a_run_that_hangs_hears_of_its_cancel_within_the_step() {
    let executor = ScriptedExecutor::new(Script::Hang);
    let test = scripted(&executor).await;
    let batch = submit(&test, 1).await;
    let cancel = async {
        while executor.calls().is_empty() {
            tokio::task::yield_now().await;
        }
        test.engine().cancel_batch(batch).await.unwrap();
    };
    let (step, ()) = tokio::join!(test.step(), cancel);
    assert!(matches!(
        step.unwrap(),
        Step::Executed {
            now: RunState::Cancelled,
            ..
        }
    ));
    test.check(batch).await.finished().cancelled(1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_ends_at_its_time_limit() {
    let builder = TestEngine::builder().workflow("w", ScriptedExecutor::new(Script::Hang));
    let builder = builder.run_timeout(Duration::from_secs(60));
    let test = builder.retry(RetryPolicy::NEVER).open().await.unwrap();
    let batch = submit(&test, 1).await;
    test.drain().await.unwrap();
    test.check(batch)
        .await
        .finished()
        .failed_with(0, "TIMED_OUT");
}

#[tokio::test]
async fn a_sink_that_fails_gets_the_same_with_the_next_step() {
    let heard = RecordingSink::new();
    let builder = TestEngine::builder().workflow("w", ScriptedExecutor::new(Script::Ok));
    let test = builder.sink("audit", heard.clone()).open().await.unwrap();
    submit(&test, 1).await;
    heard.fail_next(1);
    test.step().await.unwrap();
    assert!(heard.events().is_empty());
    test.step().await.unwrap();
    let names = [
        "batch.created",
        "run.started",
        "run.processed",
        "batch.succeeded",
        "batch.finished",
    ];
    assert_eq!(heard.names(), names);
}

#[tokio::test]
async fn a_drain_ends_when_the_sinks_have_heard_everything_and_not_for_one_that_never_takes_it() {
    let heard = RecordingSink::new();
    let builder = TestEngine::builder().workflow("w", ScriptedExecutor::new(Script::Ok));
    let test = builder.sink("audit", heard.clone()).open().await.unwrap();
    submit(&test, 1).await;
    heard.fail_next(10);
    test.drain().await.unwrap();
    assert_eq!(heard.names().last(), Some(&"batch.finished"));
    submit(&test, 1).await;
    heard.fail_next(u32::MAX);
    test.drain().await.unwrap();
    assert_eq!(heard.events().len(), 5);
}

#[tokio::test]
async fn a_step_that_is_dropped_leaves_its_run_held_until_the_lease_has_passed() {
    let executor = ScriptedExecutor::new(Script::Ok).on(0, Script::Hang);
    let test = scripted(&executor).await;
    let batch = submit(&test, 1).await;
    {
        let mut step = std::pin::pin!(test.step());
        std::future::poll_fn(|cx| {
            let _ = step.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
    }
    assert!(matches!(test.step().await.unwrap(), Step::Idle { .. }));
    test.check(batch).await.in_state(RunState::Processing, 1);
    test.advance(Duration::from_secs(31));
    let again = async {
        while executor.calls().len() < 2 {
            tokio::task::yield_now().await;
        }
        test.engine().cancel_batch(batch).await.unwrap();
    };
    let (step, ()) = tokio::join!(test.step(), again);
    assert!(matches!(step.unwrap(), Step::Executed { .. }));
    assert_eq!(test.check(batch).await.runs()[0].interruptions, 1);
}

#[tokio::test]
async fn an_assertion_that_fails_says_what_there_is_instead() {
    let executor = ScriptedExecutor::new(Script::Ok).on(1, Script::FailForGood("BAD".into()));
    let test = scripted(&executor).await;
    let batch = submit(&test, 2).await;
    test.drain_all().await.unwrap();
    let check = test.check(batch).await;
    let failed = std::panic::catch_unwind(|| check.processed(2).finished().batch().id);
    let said = failed.unwrap_err();
    let said = said.downcast_ref::<String>().unwrap();
    let wanted = "expected 2 runs PROCESSED, but batch_00000000000000000000000000000001 is \
                  PROCESSED: 1 processed, 1 failed in 0 ms\n  \
                  run 0 PROCESSED after 1 attempts\n  \
                  run 1 FAILED after 1 attempts, BAD: fails by its script";
    assert_eq!(said, wanted);
}

/// An engine on a store with faults, and the store.
async fn faulty() -> (TestEngine, Arc<FaultyStorage>) {
    let clock = ManualClock::default();
    let store = FaultyStorage::in_memory(&clock);
    let builder = TestEngine::builder().storage(Arc::clone(&store) as _, clock);
    let builder = builder.workflow("w", ScriptedExecutor::new(Script::Ok));
    (builder.open().await.unwrap(), store)
}

#[tokio::test]
async fn a_write_in_doubt_was_done_or_not_and_the_store_refuses_until_it_is_reopened() {
    for (fault, replayed) in [(Fault::InDoubtDone, true), (Fault::InDoubtNotDone, false)] {
        let (test, store) = faulty().await;
        let request = || BatchRequest::new("w").inputs(texts(1)).idempotency_key("k");
        store.plan(When::next(StorageMethod::Insert), fault);
        let kind_of = |error: SubmitError| match error {
            SubmitError::Storage(error) => error.kind(),
            other => panic!("{other}"),
        };
        let error = test.engine().submit_batch(request()).await.unwrap_err();
        assert_eq!(kind_of(error), ErrorKind::InDoubt);
        let error = test.engine().submit_batch(request()).await.unwrap_err();
        assert_eq!(kind_of(error), ErrorKind::Refusing);
        assert!(test.step().await.is_err());
        store.reopened();
        let batch = test.engine().submit_batch(request()).await.unwrap();
        let was_done = batch.replayed() == batch_core::engine::Replay::Replayed;
        assert_eq!(was_done, replayed);
        test.drain().await.unwrap();
        test.check(batch.id()).await.finished().processed(1);
        assert_eq!(store.outstanding(), 0);
    }
}

#[tokio::test]
async fn a_fault_strikes_the_call_with_its_number_or_the_first_that_matches_once() {
    let (test, store) = faulty().await;
    let done = store.calls().len() as u64;
    let transient = Fault::Fails(ErrorKind::Transient);
    store.plan(When::call(done + 2), transient);
    let mut settles = 0;
    let second_settle = move |call: &batch_exec::testing::StorageCall| {
        settles += u32::from(call.method == StorageMethod::Settle);
        settles == 2
    };
    store.plan(When::matching(second_settle), transient);
    let batch = submit(&test, 2).await; // call 1
    assert!(test.step().await.unwrap_err().is_retryable()); // call 2: the claim
    assert!(test.step().await.is_ok());
    assert!(test.step().await.unwrap_err().is_retryable());
    test.check(batch)
        .await
        .processed(1)
        .in_state(RunState::Processing, 1);
    test.advance(Duration::from_secs(31));
    test.drain().await.unwrap();
    test.check(batch).await.finished().processed(2);
    assert_eq!(store.outstanding(), 0);
}

#[tokio::test]
async fn progress_is_heard_of_when_the_clock_has_moved_far_enough() {
    let bar = RecordingSink::new();
    let only = EventFilter::only(["batch.progress"]);
    let options = SinkOptions::default()
        .progress_every(Duration::from_secs(5))
        .events(only);
    let test = TestEngine::builder()
        .workflow("w", ScriptedExecutor::new(Script::Ok))
        .sink_with("bar", options, bar.clone())
        .open()
        .await
        .unwrap();
    submit(&test, 4).await;
    test.step().await.unwrap();
    test.advance(Duration::from_secs(4));
    test.step().await.unwrap();
    assert!(bar.events().is_empty());
    test.advance(Duration::from_secs(1));
    test.step().await.unwrap();
    let events = bar.events();
    assert_eq!(events.len(), 1);
    let EventKind::BatchProgress { counts, .. } = &events[0].kind else {
        panic!("{events:?}");
    };
    assert_eq!(counts.processed, 3);
    test.drain().await.unwrap();
    assert_eq!(bar.events().len(), 1);
}

#[tokio::test]
async fn a_sink_that_wants_no_event_of_runs_costs_no_reading_of_their_inputs() {
    let clock = ManualClock::default();
    let store = FaultyStorage::in_memory(&clock);
    let heard = RecordingSink::new();
    let only = EventFilter::only(["batch.finished"]);
    let test = TestEngine::builder()
        .storage(Arc::clone(&store) as _, clock)
        .workflow("w", ScriptedExecutor::new(Script::Ok))
        .sink_with("ends", SinkOptions::default().events(only), heard.clone())
        .open()
        .await
        .unwrap();
    submit(&test, 3).await;
    test.drain().await.unwrap();
    assert_eq!(heard.names(), ["batch.finished"]);
    let read = |call: &StorageCall| call.method == StorageMethod::Inputs;
    assert!(!store.calls().iter().any(read));
}

#[tokio::test]
async fn a_clock_that_is_set_an_hour_forward_or_back_loses_and_repeats_nothing() {
    for hours in [1, -1] {
        let executor = ScriptedExecutor::new(Script::Ok)
            .on(1, Script::FailTimes(1))
            .on(
                2,
                Script::SnoozeTimes {
                    times: 1,
                    after: Duration::from_secs(5),
                },
            );
        let heard = RecordingSink::new();
        let builder = TestEngine::builder().workflow("w", executor.clone());
        let test = builder.sink("audit", heard.clone()).open().await.unwrap();
        let batch = submit(&test, 4).await;
        for _ in 0..3 {
            test.step().await.unwrap();
        }
        test.clock().jump(jiff::SignedDuration::from_hours(hours));
        test.drain_all().await.unwrap();
        test.check(batch)
            .await
            .finished()
            .processed(4)
            .attempts(1, 2)
            .attempts(2, 1);
        assert_eq!(executor.calls().len(), 6, "{hours} h");
        let ends = heard
            .names()
            .iter()
            .filter(|name| **name == "run.processed")
            .count();
        assert_eq!(ends, 4, "{hours} h");
        let batch = test.engine().batch(batch).await.unwrap().unwrap();
        assert!(batch.finished_at >= Some(batch.created_at), "{batch:?}");
    }
}
