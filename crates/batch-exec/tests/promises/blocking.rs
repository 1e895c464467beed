use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use batch_core::engine::{Deletion, RetryError, RetryOptions, RunFilter};
use batch_core::id::RunId;
use batch_core::memory::MemoryStorage;
use batch_core::ordinal::Ordinal;
use batch_core::request::{Input, RunUpdate};
use batch_core::run::RunState;
use batch_core::storage::BatchQuery;

use batch_exec::blocking::{BlockingBatch, BlockingDispatcher, BlockingEngine};
use batch_exec::{Outcome, Retention, RetryPolicy};

const WORKFLOW: &str = "w";

fn engine() -> BlockingEngine {
    BlockingEngine::open(MemoryStorage::new()).unwrap()
}

fn counting(engine: &BlockingEngine) -> BlockingDispatcher {
    let count = |run: batch_exec::RunContext| Ok(Outcome::done(run.text()?.len()));
    let builder = engine.dispatcher().workflow(WORKFLOW, count);
    builder.start().unwrap()
}

/// Its runs say that they have begun, and go on until they are asked to stop.
fn blocking_until_stopped(engine: &BlockingEngine, begun: mpsc::Sender<()>) -> BlockingDispatcher {
    let builder = engine.dispatcher().workflow(WORKFLOW, move |run| {
        begun.send(()).unwrap();
        while !run.cancellation().is_cancelled() {
            thread::yield_now();
        }
        Err("stopped".into())
    });
    builder.start().unwrap()
}

fn submit(engine: &BlockingEngine) -> BlockingBatch {
    engine
        .submit(WORKFLOW, ["a", "bc"].map(Input::text))
        .unwrap()
}

/// Submits a batch, has it executed and reads it in every way.
fn go_all_the_way() {
    let engine = engine();
    let dispatcher = counting(&engine);
    let batch = submit(&engine);
    assert_eq!(batch.wait().unwrap().counts.processed, 2);
    assert_eq!(batch.get().unwrap().counts.processed, 2);
    let listed = engine.batches(BatchQuery::default()).unwrap();
    assert_eq!(listed.items.len(), 1);
    let runs = batch.runs(RunFilter::default().with_outputs());
    let outputs: Vec<_> = runs
        .map(|run| run.unwrap().output.unwrap().as_json().to_owned())
        .collect();
    assert_eq!(outputs, ["1", "2"]);
    dispatcher.shutdown().unwrap();
    engine.close().unwrap();
    assert!(engine.batch(batch.id()).is_err());
}

#[test]
fn a_host_without_a_runtime_is_served() {
    go_all_the_way();
}

#[tokio::test]
async fn a_host_that_calls_from_inside_a_runtime_is_served_too() {
    go_all_the_way();
}

#[tokio::test]
async fn a_task_that_blocks_for_many_calls_never_runs_out_of_budget() {
    let engine = engine();
    let dispatcher = counting(&engine);
    for _ in 0..300 {
        submit(&engine).wait().unwrap();
    }
    dispatcher.shutdown().unwrap();
}

#[test]
fn an_executor_may_block_its_thread_until_others_come() {
    let engine = engine();
    let both = Arc::new(std::sync::Barrier::new(2));
    let builder = engine.dispatcher().workflow(WORKFLOW, move |_| {
        both.wait();
        Ok(Outcome::done_without_output())
    });
    let dispatcher = builder.start().unwrap();
    assert!(submit(&engine).wait().unwrap().succeeded());
    dispatcher.shutdown().unwrap();
}

#[test]
fn a_closure_that_panics_fails_its_run_with_the_message() {
    let engine = engine();
    let mut options = batch_exec::dispatcher::DispatcherOptions::default();
    options.retry = RetryPolicy::of_attempts(1);
    let builder = engine.dispatcher().options(options);
    let builder = builder.workflow(WORKFLOW, |_| panic!("on fire"));
    let dispatcher = builder.start().unwrap();
    let batch = submit(&engine);
    assert_eq!(batch.wait().unwrap().counts.failed, 2);
    let run = RunId::new(batch.id(), Ordinal::new(0));
    let failure = engine.run(run).unwrap().unwrap().failure.unwrap();
    assert_eq!(failure.to_string(), "PANICKED: on fire");
    dispatcher.shutdown().unwrap();
}

#[test]
fn a_cancel_reaches_a_closure_that_looks_at_its_token() {
    let engine = engine();
    let (begun, seen) = mpsc::channel();
    let dispatcher = blocking_until_stopped(&engine, begun);
    let batch = submit(&engine);
    seen.recv().unwrap();
    batch.cancel().unwrap();
    assert_eq!(batch.wait().unwrap().counts.cancelled, 2);
    dispatcher.shutdown().unwrap();
}

#[test]
fn a_dropped_dispatcher_gives_back_what_it_holds() {
    let engine = engine();
    let (begun, seen) = mpsc::channel();
    let dispatcher = blocking_until_stopped(&engine, begun);
    let batch = submit(&engine);
    seen.recv().unwrap();
    drop(dispatcher);
    let second = counting(&engine);
    assert!(batch.wait().unwrap().succeeded());
    let run = RunId::new(batch.id(), Ordinal::new(0));
    let run = engine.run(run).unwrap().unwrap();
    assert_eq!((run.state, run.interruptions), (RunState::Processed, 0));
    second.shutdown().unwrap();
}

#[test]
fn runs_are_retried_updated_and_deleted_without_a_runtime() {
    let engine = engine();
    let dispatcher = counting(&engine);
    let batch = submit(&engine);
    batch.wait().unwrap();
    let run = RunId::new(batch.id(), Ordinal::new(1));
    let update = RunUpdate::new().name("new");
    assert_eq!(
        engine.update_run(run, update).unwrap().name.as_deref(),
        Some("new")
    );
    let again = engine.retry_run(run, RetryOptions::default()).unwrap();
    assert_eq!(again.wait().unwrap().retry_of, Some(batch.id()));
    let none_failed = engine.retry_failed(batch.id(), RetryOptions::default());
    assert!(matches!(
        none_failed.unwrap_err(),
        RetryError::NothingFailed(_)
    ));
    assert_eq!(engine.delete_run(run).unwrap(), Deletion::Deleted);
    assert_eq!(engine.delete_batch(batch.id()).unwrap(), Deletion::Deleted);
    assert!(engine.batch(batch.id()).unwrap().is_none());
    dispatcher.shutdown().unwrap();
}

#[test]
fn a_pruner_works_in_the_background_of_a_host_without_a_runtime() {
    let engine = engine();
    let dispatcher = counting(&engine);
    let batch = submit(&engine);
    batch.wait().unwrap();
    dispatcher.shutdown().unwrap();
    let at_once = Retention::default().succeeded(Duration::ZERO);
    let pruner = engine.start_pruner(at_once.every(Duration::from_millis(1)));
    while engine.batch(batch.id()).unwrap().is_some() {
        thread::yield_now();
    }
    engine.block_on(pruner.shutdown());
}

#[test]
fn a_step_of_a_closure_is_not_repeated_by_its_next_attempt() {
    let engine = engine();
    let effects = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&effects);
    let builder = engine.dispatcher().workflow(WORKFLOW, move |run| {
        let count = || Ok(counted.fetch_add(1, Ordering::SeqCst));
        let came_to: usize = batch_exec::blocking::step(&run, "count", count)?;
        match run.attempt().get() {
            1 => Ok(Outcome::retry_after(Duration::ZERO, "AGAIN", "")),
            _ => Ok(Outcome::done(came_to)),
        }
    });
    let dispatcher = builder.start().unwrap();
    let batch = submit(&engine);
    assert!(batch.wait().unwrap().succeeded());
    assert_eq!(
        effects.load(Ordering::SeqCst),
        2,
        "one for each of two runs"
    );
    dispatcher.shutdown().unwrap();
}
