use std::sync::{Arc, Mutex};

use batch_core::id::{BatchId, RunId};
use batch_core::journal::Event;
use batch_core::ordinal::Ordinal;
use batch_core::request::{Input, RunUpdate};
use batch_exec::{Dispatcher, Outcome, RunContext, SinkStart};

use super::yard::Yard;

/// What a sink was told: the event, the run's place and its metadata.
type Told = Arc<Mutex<Vec<(String, Option<u32>, String)>>>;

async fn start(yard: &Yard, told: &Told) -> Dispatcher {
    let told = Arc::clone(told);
    let dispatcher = yard
        .dispatcher()
        .workflow("w", |_: RunContext| async {
            Ok(Outcome::done_without_output())
        })
        .sink("s", SinkStart::Beginning, move |event: &Event| {
            let run = event.kind.run();
            let place = run.map(|run| run.id.ordinal().get());
            let metadata = run.map(|run| run.metadata.as_json().to_owned());
            let name = event.kind.name().to_owned();
            told.lock()
                .unwrap()
                .push((name, place, metadata.unwrap_or_default()));
        });
    dispatcher.start().await.unwrap()
}

async fn submitted(yard: &Yard) -> BatchId {
    let input = |n: u32| Input::text("t").with_metadata_json(format!(r#"{{"n":{n}}}"#));
    yard.submit_inputs("w", (0..2).map(input)).await
}

fn of_run(told: &Told, place: u32) -> Vec<(String, String)> {
    let told = told.lock().unwrap();
    let of_run = told
        .iter()
        .filter(|(_, ordinal, _)| *ordinal == Some(place));
    of_run
        .map(|(name, _, metadata)| (name.clone(), metadata.clone()))
        .collect()
}

fn pair(name: &str, metadata: &str) -> (String, String) {
    (name.into(), metadata.into())
}

#[tokio::test(start_paused = true)]
async fn events_after_an_update_carry_the_new_metadata() {
    let (yard, told) = (Yard::new().await, Told::default());
    let batch = submitted(&yard).await;
    let run = RunId::new(batch, Ordinal::new(1));
    let dispatcher = start(&yard, &told).await;
    yard.finished(batch).await;
    // The sink has told of the run before, and remembers what it read.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let update = RunUpdate::new().merge_json(r#"{"n":"new"}"#);
    yard.engine.update_run(run, update).await.unwrap();
    dispatcher.shutdown().await.unwrap();
    assert_eq!(
        of_run(&told, 1),
        [
            pair("run.started", r#"{"n":1}"#),
            pair("run.processed", r#"{"n":1}"#),
            pair("run.updated", r#"{"n":"new"}"#),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_comes_late_is_still_told_of_what_was_deleted_by_its_id() {
    let (yard, told) = (Yard::new().await, Told::default());
    let first = start(&yard, &told).await;
    let batch = submitted(&yard).await;
    yard.finished(batch).await;
    first.shutdown().await.unwrap();
    // The sink is known to the store, and nobody leads it.
    let unled = submitted(&yard).await;
    yard.engine.cancel_batch(unled).await.unwrap();
    yard.engine
        .delete_run(RunId::new(batch, Ordinal::new(0)))
        .await
        .unwrap();
    yard.engine.delete_batch(unled).await.unwrap();
    assert!(yard.engine.batch(unled).await.unwrap().is_none());
    told.lock().unwrap().clear();
    start(&yard, &told).await.shutdown().await.unwrap();
    let heard = told.lock().unwrap().clone();
    let heard: Vec<_> = heard
        .iter()
        .map(|(n, p, m)| (n.as_str(), *p, m.as_str()))
        .collect();
    assert_eq!(
        heard,
        [
            ("batch.created", None, ""),
            ("run.cancelled", Some(0), "{}"),
            ("run.cancelled", Some(1), "{}"),
            ("batch.cancelled", None, ""),
            ("batch.finished", None, ""),
            ("run.deleted", Some(0), "{}"),
            ("batch.deleted", None, ""),
        ]
    );
}
