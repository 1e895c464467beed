use batch_core::batch::Extent;
use batch_core::catalogue::Version;
use batch_core::engine::{
    Engine, RetryError, RetryOptions, RetryVersion, SubmissionHandle, SubmitError,
};
use batch_core::id::{BatchId, RunId, SubmissionId};
use batch_core::ordinal::Ordinal;
use batch_core::request::{BatchRequest, Input};
use batch_core::run::RunState;
use batch_core::storage::{BatchQuery, ClaimedRun};
use batch_core::valid::{ProblemCode, Source};

use super::ground::{
    WORKFLOW, claim, engine, failed, processed, settle, submitted, work, workflow,
};

const SECOND: Ordinal = Ordinal::new(1);

fn named() -> Vec<Input> {
    let named = |n: u32| Input::text(format!("{n}")).with_name(format!("input {n}"));
    (0..3).map(named).collect()
}

fn version(version: Version) -> u32 {
    match version {
        Version::Number(number) => number.get(),
        Version::Draft => 0,
    }
}

#[tokio::test]
async fn one_run_is_retried_as_a_batch_of_one_that_says_whose_retry_it_is() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, named()).await.unwrap();
    work(&engine, failed).await;
    let retry = batch.retry_run(SECOND, RetryOptions::default()).await;
    let retry = retry.unwrap();
    let view = retry.get().await.unwrap();
    assert_eq!((view.retry_of, view.counts.pending), (Some(batch.id()), 1));
    let run = engine.run(RunId::new(retry.id(), Ordinal::new(0))).await;
    assert_eq!(run.unwrap().unwrap().name.as_deref(), Some("input 1"));
    assert_eq!(batch.get().await.unwrap().counts.failed, 3);
}

#[tokio::test]
async fn the_retry_of_a_run_keeps_the_version_or_takes_the_newest_as_asked() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, named()).await.unwrap();
    work(&engine, failed).await;
    engine.deploy(workflow()).await.unwrap();
    for (asked, expected) in [(RetryVersion::Keep, 1), (RetryVersion::Newest, 2)] {
        let options = RetryOptions::default().version(asked);
        let retry = batch.retry_run(SECOND, options).await.unwrap();
        assert_eq!(version(retry.get().await.unwrap().version), expected);
    }
}

#[tokio::test]
async fn a_run_that_was_cancelled_or_ended_well_is_retried_for_whoever_asks() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, named()).await.unwrap();
    engine
        .cancel_run(RunId::new(batch.id(), SECOND))
        .await
        .unwrap();
    work(&engine, processed).await;
    for ordinal in [0, 1] {
        let retry = batch.retry_run(Ordinal::new(ordinal), RetryOptions::default());
        assert_eq!(retry.await.unwrap().get().await.unwrap().counts.pending, 1);
    }
}

#[tokio::test]
async fn a_run_that_has_not_ended_is_not_retried_and_the_error_says_where_it_stands() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, named()).await.unwrap();
    let held = claim(&engine, 1).await;
    for (ordinal, expected) in [(0, RunState::Processing), (1, RunState::Pending)] {
        let retry = batch.retry_run(Ordinal::new(ordinal), RetryOptions::default());
        let error = retry.await.unwrap_err();
        assert!(matches!(error, RetryError::NotEnded { state, .. } if state == expected));
    }
    settle(&engine, held, processed).await;
}

#[tokio::test]
async fn a_run_that_is_not_there_is_an_error_of_its_own() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, named()).await.unwrap();
    for run in [
        RunId::new(batch.id(), Ordinal::new(3)),
        RunId::new(BatchId::generate(), SECOND),
    ] {
        let error = engine.retry_run(run, RetryOptions::default()).await;
        assert!(matches!(error.unwrap_err(), RetryError::RunNotFound(missing) if missing == run));
    }
}

#[tokio::test]
async fn the_retry_of_a_run_wants_its_secrets_anew() {
    let engine = engine(10).await;
    let inputs = [
        Input::text("a"),
        Input::text("b").with_secret("token", "old"),
    ];
    let batch = engine.submit_batch(BatchRequest::new(WORKFLOW).inputs(inputs));
    let batch = batch.await.unwrap();
    work(&engine, failed).await;
    let error = batch.retry_run(SECOND, RetryOptions::default()).await;
    let RetryError::Submit(SubmitError::Invalid(invalid)) = error.unwrap_err() else {
        panic!("refused for another reason");
    };
    let problem = &invalid.problems()[0];
    assert_eq!(problem.code, ProblemCode::SecretsRequired);
    assert_eq!(problem.ordinal, Some(SECOND));
    let options = RetryOptions::default().shared_secret("token", "new");
    batch.retry_run(SECOND, options).await.unwrap();
    let claimed = claim(&engine, 1).await;
    assert_eq!(claimed[0].input.secrets().get("token"), Some("new"));
}

/// A submission in batches of two, of which those with an odd number have failed.
async fn half_failed(engine: &Engine) -> SubmissionHandle {
    let submission = submitted(engine, 6).await;
    let (odd, even): (Vec<_>, Vec<_>) = claim(engine, 6)
        .await
        .into_iter()
        .partition(|run| number(run) % 2 == 1);
    settle(engine, odd, failed).await;
    settle(engine, even, processed).await;
    submission
}

fn number(run: &ClaimedRun) -> u32 {
    match run.input.source() {
        Source::Text { text, .. } => text.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_failed_runs_of_a_submission_are_retried_as_one_submission_of_one_version() {
    let engine = engine(2).await;
    let submission = half_failed(&engine).await;
    engine.deploy(workflow()).await.unwrap();
    let options = RetryOptions::default().version(RetryVersion::Newest);
    let again = submission.retry_failed(options).await.unwrap();
    let progress = again.progress().await.unwrap();
    assert_eq!((progress.batches, progress.inputs), (3, 3));
    assert_eq!(progress.extent, Extent::Complete);
    let mut query = BatchQuery::default();
    query.submission = Some(again.id());
    let parts = engine.batches(query).await.unwrap().items;
    assert!(parts.iter().all(|part| version(part.version) == 2));
    let of: Vec<_> = parts.iter().filter_map(|part| part.retry_of).collect();
    assert_eq!((of.len(), of[0]), (3, submission.id().first_batch()));
    let mut numbers: Vec<_> = claim(&engine, 9).await.iter().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 3, 5]);
}

#[tokio::test]
async fn the_retry_of_a_submission_happens_once_under_its_key() {
    let engine = engine(2).await;
    let submission = half_failed(&engine).await;
    let options = || RetryOptions::default().idempotency_key("again");
    let first = submission.retry_failed(options()).await.unwrap();
    let second = submission.retry_failed(options()).await.unwrap();
    assert_eq!(first.id(), second.id());
    assert_eq!(second.progress().await.unwrap().inputs, 3);
    assert_eq!(claim(&engine, 9).await.len(), 3);
}

#[tokio::test]
async fn a_submission_without_failed_runs_and_one_that_is_not_there_are_errors_of_their_own() {
    let engine = engine(2).await;
    let submission = submitted(&engine, 3).await;
    let error = submission.retry_failed(RetryOptions::default()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, RetryError::NoRunFailed(id) if id == submission.id()));
    let nowhere = SubmissionId::of_first_batch(BatchId::generate());
    let handle = engine.submission_handle(nowhere);
    let error = handle.retry_failed(RetryOptions::default()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, RetryError::SubmissionNotFound(id) if id == nowhere));
}
