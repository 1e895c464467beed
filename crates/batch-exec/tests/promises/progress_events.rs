use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::journal::{Event, EventKind};
use batch_core::request::RunUpdate;
use batch_core::storage::SinkStart;
use parking_lot::Mutex;

use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::sink::{EventFilter, SinkOptions};

use super::webhook_receiver::{Conduct, Receiver};
use super::yard::Yard;

const SECOND: Duration = Duration::from_secs(1);
/// What the data of every webhook has.
const EVERYWHERE: [&str; 6] = [
    "sequence",
    "at",
    "batch",
    "submission",
    "workflow",
    "version",
];

/// Each run takes a second; the fifth takes a minute.
async fn slow(run: RunContext) -> Result<Outcome, ExecutorError> {
    let seconds = if run.id().ordinal().get() == 4 { 60 } else { 1 };
    tokio::time::sleep(SECOND * seconds).await;
    Ok(Outcome::done_without_output())
}

/// What a sink hears of the progress of a batch of ten runs, one after the other, and the
/// names of all it hears.
async fn heard(options: SinkOptions) -> Vec<Event> {
    let yard = Yard::new().await;
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let all = Arc::clone(&events);
    let builder = yard.dispatcher().workflow("w", slow);
    let builder = builder.concurrency(std::num::NonZeroUsize::MIN);
    let builder = builder.sink_with("bar", options, move |event: &Event| {
        all.lock().push(event.clone());
    });
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 10).await;
    yard.finished(batch).await;
    tokio::time::sleep(60 * SECOND).await;
    dispatcher.shutdown().await.unwrap();
    events.lock().clone()
}

/// How many runs had ended by each progress.
fn ended(events: &[Event]) -> Vec<u64> {
    let progress = events.iter().filter_map(|event| match &event.kind {
        EventKind::BatchProgress { counts, .. } => Some(counts.ended()),
        _ => None,
    });
    progress.collect()
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_asks_for_progress_hears_how_far_a_batch_is_at_a_bounded_rate() {
    let options = SinkOptions::default().progress_every(SECOND * 12 / 5);
    let events = heard(options).await;
    // Runs end at 1, 2, 3, 4 and 64 seconds, and then each second. The first is heard of at 3.4.
    assert_eq!(ended(&events), [3, 4, 5, 7, 9]);
    let ids: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len(), "each event has an id of its own");
    let last = events.last().map(|event| event.kind.name());
    assert_eq!(last, Some("batch.finished"));
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_does_not_ask_for_progress_hears_of_none() {
    assert!(ended(&heard(SinkOptions::default()).await).is_empty());
    let unwanted = EventFilter::only(["run.*"]);
    let options = SinkOptions::default()
        .progress_every(SECOND)
        .events(unwanted);
    assert!(ended(&heard(options).await).is_empty());
    let elsewhere = SinkOptions::default()
        .progress_every(SECOND)
        .workflows(["other"]);
    assert!(heard(elsewhere).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn progress_may_be_all_that_a_sink_wants() {
    let only = EventFilter::only(["batch.progress", "batch.finished"]);
    let options = SinkOptions::default()
        .progress_every(2 * SECOND)
        .events(only);
    let events = heard(options).await;
    assert!(ended(&events).len() > 2);
    assert_eq!(events.len(), ended(&events).len() + 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_batch_says_so_once_just_before_its_end() {
    let yard = Yard::new().await;
    let names: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let all = Arc::clone(&names);
    let builder = yard.dispatcher().workflow("w", slow);
    let builder = builder.sink("ears", SinkStart::Beginning, move |event: &Event| {
        all.lock().push(event.kind.name());
    });
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 100).await;
    tokio::time::sleep(SECOND / 2).await;
    yard.cancel(batch).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    let names = names.lock().clone();
    let end = names[names.len() - 2..].to_vec();
    assert_eq!(end, ["batch.cancelled", "batch.finished"]);
    let told = |name| names.iter().filter(|it| **it == name).count();
    assert_eq!((told("batch.cancelled"), told("batch.succeeded")), (1, 0));
    assert_eq!(told("run.cancelled"), 100);
}

#[tokio::test(start_paused = true)]
async fn webhooks_carry_every_event_with_the_fields_that_the_catalogue_names() {
    let yard = Yard::new().await;
    let receiver = Receiver::answering(&yard, 200);
    let webhook = receiver.sink(&yard).start().await.unwrap();
    let work = |run: RunContext| async move {
        match (run.id().ordinal().get(), run.attempt().get()) {
            (0, 1) if run.snoozes() == 0 => return Ok(Outcome::snooze(SECOND)),
            (0, 1) => Err("again")?,
            (1, _) => return Ok(Outcome::fail("BAD", "no")),
            (2, _) => tokio::time::sleep(30 * SECOND).await,
            (3, _) => return Ok(Outcome::needs_review("look at it")),
            _ => {}
        }
        Ok(Outcome::done_without_output())
    };
    let options = SinkOptions::default().progress_every(SECOND);
    let builder = yard.dispatcher().workflow("w", work);
    let builder = builder.sink_with("hook", options, webhook.clone());
    let dispatcher = builder.start().await.unwrap();
    for size in [4, 1] {
        let batch = yard.submit("w", size).await;
        let settled =
            |batch: &Batch| batch.counts.ended() + batch.counts.needs_review == size as u64;
        let reviewed = yard.until(batch, settled).await.counts.needs_review > 0;
        if reviewed {
            let run = yard.run(batch, 3).await.id;
            yard.engine.reject(run, "no").await.unwrap();
        }
        yard.finished(batch).await;
        webhook.idle().await;
        let run = yard.run(batch, 0).await.id;
        let update = RunUpdate::new().name("new");
        yard.engine.update_run(run, update).await.unwrap();
        yard.engine.delete_run(run).await.unwrap();
        yard.engine.delete_batch(batch).await.unwrap();
    }
    let cancelled = yard.submit("w", 3).await;
    tokio::time::sleep(SECOND).await;
    yard.engine.pause_batch(cancelled).await.unwrap();
    yard.engine.resume_batch(cancelled).await.unwrap();
    yard.cancel(cancelled).await;
    yard.finished(cancelled).await;
    webhook.idle().await;
    dispatcher.shutdown().await.unwrap();
    let mut seen = BTreeSet::new();
    for arrival in receiver.arrivals() {
        let name = arrival.body["type"].as_str().unwrap();
        let info = EventKind::catalogue().iter().find(|info| info.name == name);
        let info = info.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        let data = arrival.body["data"].as_object().unwrap();
        let fields: BTreeSet<_> = data.keys().map(String::as_str).collect();
        let expected = EVERYWHERE.iter().chain(info.fields).copied().collect();
        assert_eq!(fields, expected, "{name}");
        seen.insert(info.name);
    }
    let known: BTreeSet<_> = EventKind::catalogue()
        .iter()
        .map(|info| info.name)
        .collect();
    let unseen: Vec<_> = known.difference(&seen).copied().collect();
    assert_eq!(unseen, ["run.interrupted", "run.released"]);
}

#[tokio::test(start_paused = true)]
async fn a_progress_that_is_refused_holds_up_no_other_event_of_its_batch() {
    let yard = Yard::new().await;
    // Ids of progress end with its word.
    let refuse = |id: batch_exec::webhook::DeliveryId, _| match id.to_string().ends_with("progress")
    {
        true => Conduct::Answer(503),
        false => Conduct::Answer(200),
    };
    let receiver = Receiver::new(&yard, refuse);
    let folder = tempfile::tempdir().unwrap();
    let log = batch_exec::webhook::FileDeliveryLog::open(folder.path().join("log")).unwrap();
    let webhook = receiver.sink(&yard).log(log).start().await.unwrap();
    let options = SinkOptions::default().progress_every(SECOND);
    let builder = yard.dispatcher().workflow("w", slow);
    let builder = builder.concurrency(std::num::NonZeroUsize::MIN);
    let builder = builder.sink_with("hook", options, webhook.clone());
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 4).await;
    yard.finished(batch).await;
    tokio::time::sleep(600 * SECOND).await;
    dispatcher.shutdown_now().await.unwrap();
    assert!(receiver.names().contains(&"batch.progress".to_owned()));
    assert!(receiver.names().contains(&"batch.finished".to_owned()));
}
