use batch_core::engine::{Engine, RetryOptions, UpdateError};
use batch_core::id::{BatchId, RunId};
use batch_core::ordinal::Ordinal;
use batch_core::request::{Input, RunUpdate};
use batch_core::valid::ProblemCode;

use super::ground::{WORKFLOW, engine, failed, work};

async fn run(engine: &Engine, metadata: &str) -> RunId {
    let input = Input::text("t").with_metadata_json(metadata);
    let batch = engine.submit(WORKFLOW, [Input::text("s"), input]).await;
    RunId::new(batch.unwrap().id(), Ordinal::new(1))
}

#[tokio::test]
async fn an_update_merges_members_and_the_run_is_given_back_as_it_then_stands() {
    let engine = engine(10).await;
    let run = run(&engine, r#"{"a":{"deep":1},"b":1.50}"#).await;
    let update = RunUpdate::new()
        .name("new")
        .merge_json(r#"{"a":{"other":2},"c":null}"#);
    let updated = engine.update_run(run, update).await.unwrap();
    assert_eq!(
        updated.metadata.as_json(),
        r#"{"a":{"other":2},"b":1.50,"c":null}"#
    );
    assert_eq!(updated.name.as_deref(), Some("new"));
    assert_eq!(engine.run(run).await.unwrap().unwrap(), updated);
}

#[tokio::test]
async fn every_problem_of_an_update_is_reported_and_nothing_is_changed() {
    let engine = engine(10).await;
    let run = run(&engine, r#"{"a":1}"#).await;
    let update = RunUpdate::new().name("").merge_json("[]");
    let UpdateError::Invalid(invalid) = engine.update_run(run, update).await.unwrap_err() else {
        panic!("refused for another reason");
    };
    let codes: Vec<_> = invalid.problems().iter().map(|p| p.code).collect();
    assert_eq!(codes, [ProblemCode::Empty, ProblemCode::NotAnObject]);
    let stands = engine.run(run).await.unwrap().unwrap();
    assert_eq!(
        (stands.name, stands.metadata.as_json()),
        (None, r#"{"a":1}"#)
    );
}

#[tokio::test]
async fn a_merge_past_the_limit_names_the_run_and_both_numbers() {
    let engine = engine(10).await;
    let half = "x".repeat(6_000);
    let run = run(&engine, &format!(r#"{{"a":"{half}"}}"#)).await;
    let update = RunUpdate::new().merge_json(format!(r#"{{"b":"{half}"}}"#));
    let error = engine
        .update_run(run, update)
        .await
        .unwrap_err()
        .to_string();
    let expected = "input 1 at /metadata: 12015 bytes once merged, at most 10240";
    assert_eq!(
        error,
        format!("the update is refused: 1 problem\n{expected}")
    );
}

#[tokio::test]
async fn a_run_that_is_not_there_is_an_error_of_its_own() {
    let engine = engine(10).await;
    let run = RunId::new(BatchId::generate(), Ordinal::new(0));
    let error = engine.update_run(run, RunUpdate::new().name("n")).await;
    assert!(matches!(error.unwrap_err(), UpdateError::NotFound(missing) if missing == run));
}

#[tokio::test]
async fn a_retry_takes_the_metadata_as_it_was_updated() {
    let engine = engine(10).await;
    let run = run(&engine, r#"{"a":1}"#).await;
    work(&engine, failed).await;
    let update = RunUpdate::new().merge_json(r#"{"a":2}"#);
    engine.update_run(run, update).await.unwrap();
    let retry = engine
        .retry_run(run, RetryOptions::default())
        .await
        .unwrap();
    let again = RunId::new(retry.id(), Ordinal::new(0));
    let again = engine.run(again).await.unwrap().unwrap();
    assert_eq!(again.metadata.as_json(), r#"{"a":2}"#);
}
