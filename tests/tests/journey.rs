//! A batch from submit to prune, on every backend, through public API only.
#![allow(missing_docs, clippy::unwrap_used)]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use batch_core::engine::{Engine, RetryOptions, SubmitError};
use batch_core::journal::Event;
use batch_core::memory::MemoryStorage;
use batch_core::ordinal::Ordinal;
use batch_core::request::{BatchRequest, Input};
use batch_core::sled::SledStorage;
use batch_core::storage::{PruneRequest, SinkStart, Storage};
use batch_core::time::{Clock, SystemClock};
use batch_exec::retry::RetryPolicy;
use batch_exec::sink::ChannelSink;
use batch_exec::{Dispatcher, ExecutorError, Outcome, RunContext};
use batch_tests::recount;
use serde_json::json;
use tokio::sync::mpsc::Receiver;

const INPUTS: u32 = 200;
/// Every so many inputs one fails for good.
const BAD: u32 = 10;

fn request() -> BatchRequest {
    let input = |n: u32| Input::text(format!("{n}")).with_metadata(json!({ "invoice": n }));
    BatchRequest::new("journey").inputs((0..INPUTS).map(input))
}

/// Fails each first attempt of odd numbers, and every attempt of bad ones while `broken`.
async fn execute(run: RunContext, broken: Arc<AtomicU32>) -> Result<Outcome, ExecutorError> {
    let number: u32 = run.text().unwrap().parse().unwrap();
    if number.is_multiple_of(BAD) && broken.load(Ordering::Relaxed) == 1 {
        return Ok(Outcome::fail("BAD", "this one is bad"));
    }
    if number % 2 == 1 && run.attempt().get() == 1 {
        return Err("the first attempt fails".into());
    }
    Ok(Outcome::done(number * 2))
}

async fn travel(storage: Arc<dyn Storage>) {
    let engine = Engine::builder()
        .open_shared(Arc::clone(&storage))
        .await
        .unwrap();
    let broken = Arc::new(AtomicU32::new(1));
    let (sender, mut events) = tokio::sync::mpsc::channel(10_000);
    let sink = ChannelSink::new(sender);
    let state = Arc::clone(&broken);
    let dispatcher = Dispatcher::builder(&engine)
        .workflow("journey", move |run: RunContext| {
            execute(run, Arc::clone(&state))
        })
        .retry(RetryPolicy {
            first_delay: std::time::Duration::from_millis(1),
            ..RetryPolicy::default()
        })
        .sink("journey", SinkStart::Beginning, sink)
        .start()
        .await
        .unwrap();

    let batch = engine.submit_batch(request()).await.unwrap();
    let ended = batch.wait().await.unwrap();
    assert_eq!(ended.counts.failed, u64::from(INPUTS / BAD));
    assert_eq!(ended.counts.processed, u64::from(INPUTS - INPUTS / BAD));

    broken.store(0, Ordering::Relaxed);
    let again = batch.retry_failed(RetryOptions::default()).await.unwrap();
    let ended = again.wait().await.unwrap();
    assert!(ended.succeeded());
    assert_eq!(ended.retry_of, Some(batch.id()));
    assert_eq!(ended.counts.total(), u64::from(INPUTS / BAD));

    dispatcher.shutdown().await.unwrap();
    check_events(&mut events);
    check_outputs(&*storage).await;
    prune(&engine).await;
}

/// Each run has its events in order, with the metadata of its input.
fn check_events(events: &mut Receiver<Event>) {
    let mut names = std::collections::BTreeMap::new();
    while let Ok(event) = events.try_recv() {
        let Some(run) = event.kind.run() else {
            continue;
        };
        assert!(run.metadata.to_map().contains_key("invoice"));
        let seen: &mut Vec<_> = names.entry(run.id).or_default();
        seen.push(event.kind.name());
    }
    assert_eq!(names.len(), (INPUTS + INPUTS / BAD) as usize);
    for (run, names) in names {
        let smooth = ["run.started", "run.processed"];
        let retried = [
            "run.started",
            "run.retrying",
            "run.started",
            "run.processed",
        ];
        let failed = ["run.started", "run.failed"];
        let fits = names == smooth || names == retried || names == failed;
        assert!(fits, "{run}: {names:?}");
    }
}

async fn check_outputs(storage: &dyn Storage) {
    for (_, runs) in recount(storage).await {
        for run in runs.iter().filter(|run| run.failure.is_none()) {
            let read = storage.run(run.id).await.unwrap().unwrap();
            let doubled: u64 = read.output.unwrap().parse().unwrap();
            assert_eq!(
                read.metadata.to_map()["invoice"].as_u64().unwrap() * 2,
                doubled
            );
        }
    }
}

async fn prune(engine: &Engine) {
    let later = SystemClock::default().now().wall + std::time::Duration::from_secs(60);
    let limit = NonZeroU32::new(10).unwrap();
    let pruned = engine.prune(PruneRequest::new(later, limit)).await.unwrap();
    assert_eq!(pruned.batches, 2);
    assert!(
        engine
            .batches(Default::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn a_batch_travels_from_submit_to_prune_in_memory() {
    travel(Arc::new(MemoryStorage::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_travels_from_submit_to_prune_on_sled() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path().join("store")).unwrap();
    travel(Arc::new(storage)).await;
}

#[tokio::test]
async fn of_1000_inputs_with_37_bad_ones_all_37_are_named_and_nothing_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path().join("store")).unwrap();
    let engine = Engine::open(storage).await.unwrap();
    engine
        .ensure_deployed("journey".parse().unwrap())
        .await
        .unwrap();
    let input = |n: u32| match n % 27 {
        5 => Input::file_url("ftp://example.com/scan.pdf"),
        _ => Input::text(format!("{n}")),
    };
    let refused = engine.submit("journey", (0..1_000).map(input)).await;
    let Err(SubmitError::Invalid(invalid)) = refused else {
        panic!("{refused:?}");
    };
    let named = invalid.problems().iter().map(|problem| problem.ordinal);
    let bad = (0..1_000u32).filter(|n| n % 27 == 5);
    assert!(named.eq(bad.map(|n| Some(Ordinal::new(n)))));
    assert_eq!(invalid.problems().len(), 37);
    let stored = engine.batches(Default::default()).await.unwrap();
    assert!(stored.items.is_empty());
}
