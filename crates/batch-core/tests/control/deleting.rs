use batch_core::engine::{
    DeleteError, Deletion, Engine, HandleError, ResultOrder, RetryError, RetryOptions,
};
use batch_core::id::{BatchId, RunId, SinkName};
use batch_core::ordinal::Ordinal;
use batch_core::run::RunState;
use batch_core::storage::SinkStart;

use super::ground::{WORKFLOW, claim, engine, failed, processed, settle, submitted, texts, work};

const FIRST: Ordinal = Ordinal::new(0);

async fn with_slow_sink(engine: &Engine) {
    let sink = SinkName::new("slow").unwrap();
    let opened = engine.storage().open_sink(sink, SinkStart::Beginning);
    opened.await.unwrap();
}

#[tokio::test]
async fn a_finished_submission_is_deleted_whole_and_then_there_is_none() {
    let engine = engine(10).await;
    let submission = submitted(&engine, 25).await;
    work(&engine, processed).await;
    assert_eq!(submission.delete().await.unwrap(), Deletion::Deleted);
    let error = submission.progress().await.unwrap_err();
    assert!(matches!(error, HandleError::SubmissionNotFound(_)));
    assert_eq!(submission.delete().await.unwrap(), Deletion::NothingThere);
}

#[tokio::test]
async fn a_submission_with_one_run_that_has_not_ended_keeps_all_of_its_batches() {
    let engine = engine(10).await;
    let submission = submitted(&engine, 25).await;
    let mut held = claim(&engine, 25).await;
    let last = held.split_off(24);
    settle(&engine, held, processed).await;
    let error = submission.delete().await.unwrap_err();
    assert!(matches!(error, DeleteError::SubmissionNotFinished(id) if id == submission.id()));
    assert_eq!(submission.progress().await.unwrap().counts.total(), 25);
    settle(&engine, last, processed).await;
    assert_eq!(submission.delete().await.unwrap(), Deletion::Deleted);
}

#[tokio::test]
async fn a_refusal_says_what_lives_and_what_to_do() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, texts(2)).await.unwrap();
    let error = batch.delete().await.unwrap_err().to_string();
    let expected = "has runs that have not ended: cancel it and wait for its end first";
    assert_eq!(error, format!("{} {expected}", batch.id()));
    let run = RunId::new(batch.id(), FIRST);
    let error = engine.delete_run(run).await.unwrap_err();
    let DeleteError::RunNotEnded { state, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*state, RunState::Pending);
    let expected = "is PENDING: only a run that has ended is deleted; cancel it first";
    assert_eq!(error.to_string(), format!("{run} {expected}"));
}

#[tokio::test]
async fn what_is_gone_or_never_was_is_nothing_to_delete() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, texts(2)).await.unwrap();
    work(&engine, processed).await;
    let run = RunId::new(batch.id(), FIRST);
    assert_eq!(engine.delete_run(run).await.unwrap(), Deletion::Deleted);
    assert_eq!(
        engine.delete_run(run).await.unwrap(),
        Deletion::NothingThere
    );
    assert_eq!(batch.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(batch.delete().await.unwrap(), Deletion::NothingThere);
    let never = engine.delete_batch(BatchId::generate()).await.unwrap();
    assert_eq!(never, Deletion::NothingThere);
}

#[tokio::test]
async fn a_handle_to_a_deleted_batch_finds_none_even_while_a_sink_has_still_to_hear_of_it() {
    let engine = engine(10).await;
    with_slow_sink(&engine).await;
    let batch = engine.submit(WORKFLOW, texts(2)).await.unwrap();
    let mut watch = batch.watch();
    work(&engine, processed).await;
    batch.delete().await.unwrap();
    for error in [
        batch.get().await.unwrap_err(),
        batch.wait().await.unwrap_err(),
        watch.next().await.unwrap_err(),
    ] {
        assert!(matches!(error, HandleError::BatchNotFound(id) if id == batch.id()));
    }
    let retry = batch.retry_failed(RetryOptions::default()).await;
    assert!(matches!(retry.unwrap_err(), RetryError::NotFound(_)));
}

#[tokio::test]
async fn results_and_retries_pass_over_what_was_deleted() {
    let engine = engine(4).await;
    let submission = submitted(&engine, 8).await;
    work(&engine, failed).await;
    let first = submission.id().first_batch();
    for ordinal in [0, 3] {
        let run = RunId::new(first, Ordinal::new(ordinal));
        engine.delete_run(run).await.unwrap();
    }
    for order in [ResultOrder::Input, ResultOrder::Completion] {
        let mut results = submission.results(order);
        let mut given = Vec::new();
        while let Some(run) = results.next().await.unwrap() {
            given.push(run.id);
        }
        given.sort_unstable();
        assert_eq!(given.len(), 6, "{order:?}");
        let of_first = given.iter().filter(|run| run.batch() == first);
        let of_first: Vec<_> = of_first.map(|run| run.ordinal().get()).collect();
        assert_eq!(of_first, [1, 2]);
    }
    let batch = engine.batch_handle(first);
    let retry = batch.retry_failed(RetryOptions::default()).await.unwrap();
    assert_eq!(retry.get().await.unwrap().counts.pending, 2);
    let gone = batch.retry_run(FIRST, RetryOptions::default()).await;
    assert!(matches!(gone.unwrap_err(), RetryError::RunNotFound(_)));
}
