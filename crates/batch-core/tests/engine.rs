//! The engine on memory, through its public face alone. Runs are executed by a worker that
//! speaks to the storage directly.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets an error has failed, in its helpers too"
)]

use std::num::{NonZeroU32, NonZeroU64};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use batch_core::batch::{BatchState, Extent};
use batch_core::engine::{
    BatchHandle, Engine, Replay, RetryError, RetryOptions, RunFilter, SubmissionRequest,
    SubmitError,
};
use batch_core::id::WorkflowId;
use batch_core::memory::MemoryStorage;
use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::run::{Failure, Output, RunState};
use batch_core::storage::{
    BatchQuery, ClaimRequest, ClaimedRun, Disposition, ErrorKind, QueueBound, Settlement, Storage,
};
use batch_core::valid::{ProblemCode, Source};
use futures_core::Stream;

const WORKFLOW: &str = "count-words";

async fn engine(most_inputs: u32) -> Engine {
    let mut limits = Limits::default();
    limits.inputs = most_inputs;
    let builder = Engine::builder().limits(limits);
    let engine = builder.open(MemoryStorage::new()).await.unwrap();
    engine.ensure_deployed(workflow()).await.unwrap();
    engine
}

fn workflow() -> WorkflowId {
    WorkflowId::new(WORKFLOW).unwrap()
}

fn texts(number: u32) -> impl Iterator<Item = Input> + Send {
    (0..number).map(|n| Input::text(format!("invoice {n}")))
}

async fn claim(storage: &Arc<dyn Storage>, most: u32) -> Vec<ClaimedRun> {
    let limit = NonZeroU32::new(most).unwrap();
    let request = ClaimRequest::new(vec![workflow()], limit);
    storage.claim(request).await.unwrap().runs
}

fn processed(_: &ClaimedRun) -> Disposition {
    let output = Some(Output::new(&2).unwrap());
    Disposition::Processed { output }
}

fn failed(_: &ClaimedRun) -> Disposition {
    let failure = Failure::new("BROKEN", "it does not work");
    Disposition::Failed {
        failure,
        output: None,
    }
}

/// Works until nothing can be claimed.
async fn work(engine: &Engine, dispose: fn(&ClaimedRun) -> Disposition) {
    while work_some(engine, 7, dispose).await > 0 {
        tokio::task::yield_now().await;
    }
}

/// Claims and settles at most so many runs; gives how many it were.
async fn work_some(engine: &Engine, most: u32, dispose: fn(&ClaimedRun) -> Disposition) -> usize {
    let runs = claim(engine.storage(), most).await;
    let settlements = runs.into_iter().map(|run| {
        let disposition = dispose(&run);
        Settlement::new(run.claim, disposition)
    });
    let settled = engine.storage().settle(settlements.collect()).await;
    settled.unwrap().len()
}

/// Gives these inputs, then an error.
struct Breaking(Vec<Input>);

impl Stream for Breaking {
    type Item = Result<Input, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(match self.0.is_empty() {
            true => Err("the list is gone"),
            false => Ok(self.0.remove(0)),
        }))
    }
}

#[tokio::test]
async fn a_batch_is_submitted_worked_and_waited_for() {
    let engine = engine(1_000).await;
    let batch = engine.submit(WORKFLOW, texts(100)).await.unwrap();
    assert_eq!(batch.replayed(), Replay::New);
    let worker = tokio::spawn(async move { work(&engine, processed).await });
    let end = batch.wait().await.unwrap();
    worker.await.unwrap();
    assert!(end.succeeded());
    let text = end.to_string();
    assert!(text.starts_with("100 processed, 0 failed in "), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_waiter_wakes_while_workers_race() {
    let engine = engine(1_000).await;
    let mut waiters = Vec::new();
    for _ in 0..50 {
        let batch = engine.submit(WORKFLOW, texts(20)).await.unwrap();
        waiters.push(tokio::spawn(async move { batch.wait().await }));
    }
    let worker = |engine: Engine| tokio::spawn(async move { work(&engine, processed).await });
    let workers: Vec<_> = (0..4).map(|_| worker(engine.clone())).collect();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().unwrap().counts.processed, 20);
    }
    for worker in workers {
        worker.await.unwrap();
    }
}

#[tokio::test]
async fn a_watch_never_goes_back_and_ends_with_the_finished_batch() {
    let engine = engine(1_000).await;
    let batch = engine.submit(WORKFLOW, texts(50)).await.unwrap();
    let mut watch = batch.watch();
    let worker = tokio::spawn(async move { work(&engine, processed).await });
    let mut ended = Vec::new();
    while let Some(batch) = watch.next().await.unwrap() {
        ended.push(batch.counts.ended());
    }
    worker.await.unwrap();
    assert!(ended.is_sorted(), "{ended:?}");
    assert_eq!(ended.last(), Some(&50));
}

#[tokio::test]
async fn a_submission_of_any_number_of_inputs_is_waited_for_and_read_as_one() {
    let engine = engine(1_000).await;
    let request = SubmissionRequest::new(WORKFLOW);
    let submission = {
        let engine = engine.clone();
        // A spawned task has to be one that may move between threads.
        let submit = async move { engine.submit_all(request, texts(2_500)).await };
        tokio::spawn(submit).await.unwrap().unwrap()
    };
    let worker = tokio::spawn({
        let engine = engine.clone();
        async move { work(&engine, processed).await }
    });
    let end = submission.wait().await.unwrap();
    worker.await.unwrap();
    assert!(end.succeeded());
    assert_eq!(
        (end.batches, end.inputs, end.counts.processed),
        (3, 2_500, 2_500)
    );

    let mut runs = submission.runs(RunFilter::default().with_outputs());
    let mut number = 0;
    while let Some(run) = runs.next().await.unwrap() {
        let text = format!("invoice {number}");
        assert_eq!(run.source, Source::Text { text, name: None });
        assert_eq!(run.output.unwrap().as_json(), "2");
        number += 1;
    }
    assert_eq!(number, 2_500);
}

#[tokio::test]
async fn a_submission_that_broke_midway_goes_on_under_its_key_and_no_input_runs_twice() {
    let engine = engine(10).await;
    let request = SubmissionRequest::new(WORKFLOW).idempotency_key("2026-11-23");
    let broken = Breaking(texts(25).collect());
    let error = engine
        .submit_try_stream(request.clone(), broken)
        .await
        .unwrap_err();
    let SubmitError::Interrupted(stopped) = error else {
        panic!("{error}");
    };
    assert_eq!((stopped.batches, stopped.inputs), (2, 20));
    work(&engine, processed).await;

    let submission = engine.submit_all(request, texts(25)).await.unwrap();
    assert_eq!(submission.id(), stopped.submission.id());
    let progress = submission.progress().await.unwrap();
    assert_eq!(progress.counts.processed, 20);
    assert_eq!((progress.inputs, progress.extent), (25, Extent::Complete));
    work(&engine, processed).await;
    assert_eq!(submission.wait().await.unwrap().counts.processed, 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_submits_under_one_key_at_once_make_one_submission() {
    let engine = engine(10).await;
    let submit = || {
        let engine = engine.clone();
        let request = SubmissionRequest::new(WORKFLOW).idempotency_key("k");
        tokio::spawn(async move { engine.submit_all(request, texts(95)).await })
    };
    let (one, other) = (submit(), submit());
    let one = one.await.unwrap().unwrap();
    let other = other.await.unwrap().unwrap();
    assert_eq!(one.id(), other.id());
    let progress = one.progress().await.unwrap();
    assert_eq!((progress.batches, progress.inputs), (10, 95));
}

#[tokio::test]
async fn another_list_under_the_same_key_is_refused_with_the_first_difference() {
    let engine = engine(10).await;
    let request = SubmissionRequest::new(WORKFLOW).idempotency_key("k");
    engine.submit_all(request.clone(), texts(25)).await.unwrap();
    let changed = texts(23).chain([Input::file_id("x"), Input::text("invoice 24")]);
    let differences = [
        (
            engine.submit_all(request.clone(), changed).await,
            r#"input 23 at /file/id: stored nothing, given "x""#,
        ),
        (
            engine.submit_all(request.clone(), texts(24)).await,
            r#"input 24: stored "invoice 24", given nothing"#,
        ),
        (
            engine.submit_all(request.clone(), texts(20)).await,
            r#"input 20: stored "more inputs", given nothing"#,
        ),
        (
            engine.submit_all(request.clone(), texts(26)).await,
            r#"input 25: stored nothing, given "invoice 25""#,
        ),
    ];
    for (outcome, difference) in differences {
        let error = outcome.unwrap_err();
        assert!(matches!(error, SubmitError::KeyConflict { .. }), "{error}");
        assert!(error.to_string().ends_with(difference), "{error}");
    }
}

async fn failed_batch(engine: &Engine, inputs: [Input; 2]) -> BatchHandle {
    let request = BatchRequest::new(WORKFLOW).inputs(inputs);
    let batch = engine.submit_batch(request).await.unwrap();
    work(engine, failed).await;
    assert_eq!(batch.get().await.unwrap().counts.failed, 2);
    batch
}

#[tokio::test]
async fn failed_runs_are_retried_with_the_secrets_given_anew() {
    let engine = engine(10).await;
    let secret = Input::text("a").with_secret("token", "old");
    let batch = failed_batch(&engine, [Input::text("b"), secret]).await;

    let error = batch
        .retry_failed(RetryOptions::default())
        .await
        .unwrap_err();
    let RetryError::Submit(SubmitError::Invalid(invalid)) = error else {
        panic!("{error}");
    };
    let problem = &invalid.problems()[0];
    assert_eq!(problem.code, ProblemCode::SecretsRequired);
    let place = (problem.ordinal.unwrap().get(), problem.path.as_str());
    assert_eq!(place, (1, "/secrets/token"));

    let options = RetryOptions::default().shared_secret("token", "new");
    let retry = batch.retry_failed(options).await.unwrap();
    let runs = claim(engine.storage(), 10).await;
    let tokens: Vec<_> = runs
        .iter()
        .map(|run| run.input.secrets().get("token"))
        .collect();
    assert_eq!(tokens, [None, Some("new")]);
    assert_eq!(retry.get().await.unwrap().retry_of, Some(batch.id()));
}

#[tokio::test]
async fn a_cancelled_submission_ends_though_runs_are_held() {
    let engine = engine(10).await;
    let request = SubmissionRequest::new(WORKFLOW);
    let submission = engine.submit_all(request, texts(25)).await.unwrap();
    let held = claim(engine.storage(), 1).await.remove(0);
    assert_eq!(submission.cancel().await.unwrap(), 3);
    let first = engine.batch_handle(submission.id().first_batch());
    assert_eq!(first.get().await.unwrap().state, BatchState::Cancelling);
    let settlement = Settlement::new(held.claim, Disposition::Released);
    engine.storage().settle(vec![settlement]).await.unwrap();
    let end = submission.wait().await.unwrap();
    assert_eq!(end.counts.cancelled, 25);
}

#[tokio::test]
async fn runs_of_one_state_are_found_across_batches() {
    let engine = engine(10).await;
    let request = SubmissionRequest::new(WORKFLOW);
    let submission = engine.submit_all(request, texts(25)).await.unwrap();
    work(&engine, |run| match run.claim.run().ordinal().get() {
        3 => failed(run),
        _ => processed(run),
    })
    .await;
    let mut found = submission.runs(RunFilter::default().in_state(RunState::Failed));
    let mut failures = Vec::new();
    while let Some(run) = found.next().await.unwrap() {
        failures.push(run.failure.unwrap().reason().to_owned());
    }
    assert_eq!(failures, ["BROKEN"; 3]);
}

#[tokio::test]
async fn an_engine_that_was_closed_says_so_to_everybody_who_has_it() {
    let engine = engine(1_000).await;
    let batch = engine.submit(WORKFLOW, texts(1_000)).await.unwrap();
    let storage = Arc::clone(engine.storage());
    let held = claim(&storage, 10).await;
    let waiting = tokio::spawn({
        let batch = engine.batch_handle(batch.id());
        async move { batch.wait().await }
    });
    tokio::task::yield_now().await;

    engine.close().await.unwrap();

    let late = held.into_iter().map(|run| {
        let disposition = processed(&run);
        Settlement::new(run.claim, disposition)
    });
    let error = storage.settle(late.collect()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let told = [
        waiting.await.unwrap().unwrap_err().to_string(),
        batch.get().await.unwrap_err().to_string(),
        engine
            .clone()
            .submit(WORKFLOW, texts(1))
            .await
            .unwrap_err()
            .to_string(),
    ];
    for text in told {
        assert!(text.contains("it is closed; open it again"), "{text}");
    }
    engine.close().await.unwrap();
}

/// An engine in whose store at most so many runs may wait.
async fn bounded(runs: u64) -> Engine {
    let bound = QueueBound::new(NonZeroU64::new(runs).unwrap());
    let builder = Engine::builder().queue_bound(bound);
    let engine = builder.open(MemoryStorage::new()).await.unwrap();
    engine.ensure_deployed(workflow()).await.unwrap();
    engine
}

fn request(inputs: u32) -> BatchRequest {
    BatchRequest::new(WORKFLOW).inputs(texts(inputs))
}

async fn stored(engine: &Engine) -> usize {
    let all = engine.batches(BatchQuery::default()).await.unwrap();
    all.items.len()
}

async fn waiting(engine: &Engine) -> u64 {
    let all = engine.batches(BatchQuery::default()).await.unwrap();
    all.items.iter().map(|batch| batch.counts.pending).sum()
}

/// Lets all other tasks run until they wait.
async fn settle_down() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_submit_past_the_bound_says_depth_bound_and_when_to_try_again() {
    let engine = bounded(10).await;
    engine.submit_batch(request(10)).await.unwrap();
    let refused = engine.submit_batch(request(3)).await.unwrap_err();
    let SubmitError::QueueFull(full) = refused else {
        panic!("{refused}");
    };
    assert_eq!((full.depth, full.bound.get(), full.inputs), (10, 10, 3));
    assert_eq!(full.retry_after, None, "nothing has ended yet");
    assert_eq!(
        full.to_string(),
        "the queue is full: 10 runs wait, at most 10, and this batch has 3"
    );
    assert_eq!(stored(&engine).await, 1);
    work_some(&engine, 1, processed).await;
    let refused = engine.submit_batch(request(3)).await.unwrap_err();
    let SubmitError::QueueFull(full) = refused else {
        panic!("{refused}");
    };
    assert!(full.retry_after.is_some());
}

#[tokio::test]
async fn a_waiting_submit_is_stored_when_there_is_room_and_not_before() {
    let engine = bounded(10).await;
    engine.submit_batch(request(10)).await.unwrap();
    let waiter = tokio::spawn({
        let engine = engine.clone();
        async move { engine.submit_waiting(request(3)).await }
    });
    settle_down().await;
    let _held = claim(engine.storage(), 2).await;
    settle_down().await;
    assert_eq!(stored(&engine).await, 1);
    let _one_more = claim(engine.storage(), 1).await;
    let batch = waiter.await.unwrap().unwrap();
    assert_eq!(batch.get().await.unwrap().counts.pending, 3);
    assert_eq!(waiting(&engine).await, 10);
}

#[tokio::test]
async fn a_waiting_submit_that_is_dropped_writes_nothing() {
    let engine = bounded(2).await;
    engine.submit_batch(request(2)).await.unwrap();
    let waiter = tokio::spawn({
        let engine = engine.clone();
        async move { engine.submit_waiting(request(2)).await }
    });
    settle_down().await;
    waiter.abort();
    assert!(waiter.await.unwrap_err().is_cancelled());
    work(&engine, processed).await;
    settle_down().await;
    assert_eq!(stored(&engine).await, 1);
}

#[tokio::test]
async fn a_batch_larger_than_the_queue_is_refused_and_never_waits() {
    let engine = bounded(2).await;
    let refused = engine.submit_waiting(request(3)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the batch has 3 inputs, more than the 2 runs that may wait: cut it"
    );
}

#[tokio::test]
async fn a_replay_is_answered_though_the_queue_is_full() {
    let engine = bounded(2).await;
    let keyed = || request(2).idempotency_key("k");
    let first = engine.submit_batch(keyed()).await.unwrap();
    let again = engine.submit_batch(keyed()).await.unwrap();
    assert_eq!(
        (again.id(), again.replayed()),
        (first.id(), Replay::Replayed)
    );
}

#[tokio::test]
async fn a_stream_of_any_length_never_fills_the_queue_past_its_bound() {
    let engine = bounded(25).await;
    let submitter = tokio::spawn({
        let engine = engine.clone();
        let request = SubmissionRequest::new(WORKFLOW);
        async move { engine.submit_all(request, texts(1_000)).await }
    });
    let mut done = 0;
    while done < 1_000 {
        settle_down().await;
        let waits = waiting(&engine).await;
        assert!((1..=25).contains(&waits), "{waits} wait");
        done += work_some(&engine, 7, processed).await;
    }
    let handle = submitter.await.unwrap().unwrap();
    assert!(handle.wait().await.unwrap().succeeded());
}
