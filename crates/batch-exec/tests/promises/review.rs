use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::{Batch, BatchState};
use batch_core::engine::{ReviewError, RunFilter};
use batch_core::id::BatchId;
use batch_core::journal::Event;
use batch_core::request::Input;
use batch_core::run::{Output, RunState, Verdict};
use batch_core::storage::{ReviewRequest, SinkStart};
use parking_lot::Mutex;

use super::yard::Yard;
use batch_exec::blocking::BlockingEngine;
use batch_exec::dispatcher::WorkflowOptions;
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::testing::{Script, ScriptedExecutor, TestEngine};

const SECOND: Duration = Duration::from_secs(1);

/// Runs with `odd` in their text need a person.
async fn doubt_the_odd(run: RunContext) -> Result<Outcome, ExecutorError> {
    let text = run.text()?.to_owned();
    Ok(match text.contains("odd") {
        true => Outcome::needs_review("it is odd").with_output(&text),
        false => Outcome::done(&text),
    })
}

async fn submit(yard: &Yard, texts: &[&str]) -> BatchId {
    let inputs = texts.iter().map(|text| Input::text(*text));
    yard.submit_inputs("w", inputs).await
}

fn only_people_are_left(batch: &Batch) -> bool {
    batch.state == BatchState::NeedsReview
}

#[tokio::test(start_paused = true)]
async fn a_run_in_review_takes_no_slot_and_its_batch_waits_for_the_answer() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().concurrency(NonZeroUsize::MIN);
    let dispatcher = builder.workflow("w", doubt_the_odd).start().await.unwrap();
    let id = submit(&yard, &["odd 1", "odd 2", "even"]).await;
    let batch = yard.until(id, only_people_are_left).await;
    assert_eq!((batch.counts.needs_review, batch.counts.processed), (2, 1));

    let handle = yard.engine.batch_handle(id);
    let mut waiting = handle.in_review();
    let first = waiting.next().await.unwrap().unwrap();
    assert_eq!(first.review.unwrap().note.as_str(), "it is odd");
    let json = first.output.as_ref().map(Output::as_json);
    assert_eq!(json, Some("\"odd 1\""));
    let second = waiting.next().await.unwrap().unwrap();
    yard.engine.approve(first.id).await.unwrap();
    let answer = ReviewRequest::reject(second.id).note("too odd").by("anna");
    yard.engine.answer(answer).await.unwrap();

    let batch = handle.wait().await.unwrap();
    assert_eq!(
        batch.to_string(),
        "2 processed, 0 failed, 1 rejected in 0 ms"
    );
    let rejected = yard.run(id, 1).await;
    let answer = rejected.review.unwrap().answer.unwrap();
    assert_eq!(answer.verdict, Verdict::Rejected);
    assert_eq!(answer.note.unwrap().as_str(), "too odd");
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn sinks_hear_that_a_person_is_needed_and_what_was_said() {
    let yard = Yard::new().await;
    let heard: Arc<Mutex<Vec<Event>>> = Arc::default();
    let sink = {
        let heard = Arc::clone(&heard);
        move |event: &Event| heard.lock().push(event.clone())
    };
    let builder = yard.dispatcher().workflow("w", doubt_the_odd);
    let builder = builder.sink("s", SinkStart::Beginning, sink);
    let dispatcher = builder.start().await.unwrap();
    let id = submit(&yard, &["odd 1", "odd 2"]).await;
    yard.until(id, only_people_are_left).await;
    let run = |n| batch_core::id::RunId::new(id, batch_core::ordinal::Ordinal::new(n));
    yard.engine.reject(run(1), "too odd").await.unwrap();
    yard.engine.approve(run(0)).await.unwrap();
    yard.finished(id).await;
    tokio::time::sleep(10 * SECOND).await;
    let names = |n| {
        let heard = heard.lock();
        let of_run = heard.iter().filter(|event| {
            let told = event.kind.run();
            told.is_some_and(|told| told.id == run(n))
        });
        of_run.map(|event| event.kind.name()).collect::<Vec<_>>()
    };
    let approved = ["run.started", "run.needs_review", "run.processed"];
    let rejected = ["run.started", "run.needs_review", "run.rejected"];
    assert_eq!(names(0), approved);
    assert_eq!(names(1), rejected);
    let last = heard.lock().last().map(|event| event.kind.name());
    assert_eq!(last, Some("batch.finished"));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cancelled_meanwhile_goes_into_no_review() {
    let yard = Yard::new().await;
    let obey = |run: RunContext| async move {
        run.cancellation().cancelled().await;
        Ok(Outcome::needs_review("too late"))
    };
    let dispatcher = yard.dispatcher().workflow("w", obey).start().await.unwrap();
    let id = submit(&yard, &["a"]).await;
    yard.until(id, |batch| batch.counts.processing == 1).await;
    yard.cancel(id).await;
    assert_eq!(yard.finished(id).await.state, BatchState::Cancelled);
    let run = yard.run(id, 0).await;
    assert_eq!((run.state, run.review), (RunState::Cancelled, None));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn work_that_asks_for_a_person_past_its_time_is_kept() {
    let yard = Yard::new().await;
    let late = |run: RunContext| async move {
        run.cancellation().cancelled().await;
        Ok(Outcome::needs_review("late, but whole"))
    };
    let options = WorkflowOptions::default().run_timeout(SECOND);
    let builder = yard.dispatcher().workflow_with("w", options, late);
    let dispatcher = builder.start().await.unwrap();
    let id = submit(&yard, &["a"]).await;
    yard.until(id, only_people_are_left).await;
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_people() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().workflow("w", doubt_the_odd);
    let dispatcher = builder.start().await.unwrap();
    let id = submit(&yard, &["odd"]).await;
    yard.until(id, only_people_are_left).await;
    dispatcher.shutdown().await.unwrap();
    assert_eq!(yard.run(id, 0).await.state, RunState::NeedsReview);
}

#[tokio::test]
async fn a_test_of_a_host_can_script_a_review() {
    let executor = ScriptedExecutor::new(Script::Ok).on(1, Script::NeedsReview("look".into()));
    let builder = TestEngine::builder().workflow("w", executor);
    let test = builder.open().await.unwrap();
    let inputs = ["a", "b"].map(Input::text);
    let batch = test.engine().submit("w", inputs).await.unwrap();
    test.drain().await.unwrap();
    let check = test.check(batch.id()).await;
    check.unfinished().run(1, RunState::NeedsReview);
    test.engine().approve(check.runs()[1].id).await.unwrap();
    test.check(batch.id()).await.finished().processed(2);
}

#[test]
fn a_host_without_a_runtime_answers_too() {
    let engine = BlockingEngine::open(batch_core::memory::MemoryStorage::new()).unwrap();
    let doubt = |_: RunContext| Ok(Outcome::needs_review("look"));
    let dispatcher = engine.dispatcher().workflow("w", doubt).start().unwrap();
    let batch = engine
        .submit("w", ["a", "b", "c"].map(Input::text))
        .unwrap();
    while batch.get().unwrap().state != BatchState::NeedsReview {
        std::thread::sleep(Duration::from_millis(1));
    }
    let runs: Vec<_> = batch.in_review().map(|run| run.unwrap().id).collect();
    engine.approve(runs[0]).unwrap();
    engine.reject(runs[1], "no").unwrap();
    engine.answer(ReviewRequest::approve(runs[2])).unwrap();
    let error = engine.reject(runs[0], "after all").unwrap_err();
    assert!(matches!(error, ReviewError::NotInReview { .. }), "{error}");
    let counts = batch.wait().unwrap().counts;
    assert_eq!((counts.processed, counts.rejected), (2, 1));
    assert_eq!(batch.runs(RunFilter::in_review()).count(), 0);
    dispatcher.shutdown().unwrap();
}
