use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use batch_core::journal::Event;
use batch_core::storage::SinkStart;
use parking_lot::Mutex;

use batch_exec::Dispatcher;
use batch_exec::dispatcher::StartError;
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::sink::{
    ChannelSink, EventFilter, SinkActivity, SinkOptions, SinkStatus, blocking_sink,
};

use super::yard::Yard;

const SECOND: Duration = Duration::from_secs(1);

async fn done(_: RunContext) -> Result<Outcome, ExecutorError> {
    Ok(Outcome::done_without_output())
}

async fn fails(_: RunContext) -> Result<Outcome, ExecutorError> {
    Ok(Outcome::fail("BAD", "no"))
}

type Names = Arc<Mutex<Vec<String>>>;

/// A sink that notes workflow and name of what it receives.
fn noting(names: &Names) -> impl Fn(&Event) + Send + Sync + 'static {
    let names = Arc::clone(names);
    move |event| {
        let name = format!("{} {}", event.workflow, event.kind.name());
        names.lock().push(name);
    }
}

async fn status_of(dispatcher: &Dispatcher, sink: &str) -> SinkStatus {
    let mut all = dispatcher.sinks().await.unwrap().into_iter();
    all.find(|status| status.lag.sink.as_str() == sink).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_sink_receives_the_events_it_wants_and_passes_the_others() {
    let yard = Yard::new().await;
    let names = Names::default();
    let wanted = EventFilter::only(["run.failed", "batch.created"]);
    let options = SinkOptions::starting(SinkStart::Beginning).events(wanted);
    let builder = yard.dispatcher().workflow("w", fails);
    let builder = builder.sink_with("some", options, noting(&names));
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 2).await;
    yard.finished(batch).await;
    tokio::time::sleep(SECOND).await;
    let status = status_of(&dispatcher, "some").await;
    assert_eq!(status.lag.entries_behind(), 0);
    dispatcher.shutdown().await.unwrap();
    let heard = names.lock().clone();
    assert_eq!(heard, ["w batch.created", "w run.failed", "w run.failed"]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_receives_events_of_the_workflows_it_wants() {
    let yard = Yard::new().await;
    let names = Names::default();
    let options = SinkOptions::default().workflows(["b", "c"]);
    let builder = yard.dispatcher().workflow("a", done).workflow("b", done);
    let builder = builder.sink_with("some", options, noting(&names));
    let dispatcher = builder.start().await.unwrap();
    for workflow in ["a", "b", "a"] {
        let batch = yard.submit(workflow, 1).await;
        yard.finished(batch).await;
    }
    dispatcher.shutdown().await.unwrap();
    let heard = names.lock().clone();
    let expected = ["b batch.created", "b run.started", "b run.processed"];
    assert_eq!(heard[..3], expected);
    assert!(heard.iter().all(|name| name.starts_with("b ")));
    assert_eq!(heard.last().unwrap(), "b batch.finished");
}

#[tokio::test(start_paused = true)]
async fn a_filter_with_a_name_that_no_workflow_can_have_is_refused_at_the_start() {
    let yard = Yard::new().await;
    let options = SinkOptions::default().workflows([""]);
    let builder = yard.dispatcher().sink_with("some", options, |_: &Event| {});
    let refused = builder.start().await.unwrap_err();
    assert!(matches!(refused, StartError::InvalidName(_)), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_hangs_shows_how_far_it_is_behind_and_since_when() {
    let yard = Yard::new().await;
    let (sender, _receiver) = tokio::sync::mpsc::channel(1);
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("full", SinkStart::Beginning, ChannelSink::new(sender));
    let builder = builder.sink("good", SinkStart::Beginning, |_: &Event| {});
    let dispatcher = builder.start().await.unwrap();
    let begun = yard.engine.clock().now().wall;
    let batch = yard.submit("w", 5).await;
    yard.finished(batch).await;
    tokio::time::sleep(60 * SECOND).await;
    let (full, good) = (
        status_of(&dispatcher, "full").await,
        status_of(&dispatcher, "good").await,
    );
    assert_eq!(good.activity, SinkActivity::Idle);
    assert_eq!((good.lag.entries_behind(), &good.last_failure), (0, &None));
    let head = good.lag.position;
    assert_eq!(full.lag.head, head);
    assert_eq!(full.lag.entries_behind(), head.get());
    let SinkActivity::Delivering { since } = full.activity else {
        panic!("{full:?}");
    };
    assert!(since.duration_since(begun) < SECOND.try_into().unwrap());
    dispatcher.shutdown_now().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_shows_why_since_when_and_how_often_and_that_it_is_well_again() {
    let yard = Yard::new().await;
    let broken = Arc::new(AtomicBool::new(true));
    let sink = {
        let broken = Arc::clone(&broken);
        move |_: &Event| assert!(!broken.load(Ordering::SeqCst), "the disk is full")
    };
    let builder = yard.dispatcher().sink("bad", SinkStart::Beginning, sink);
    let dispatcher = builder.start().await.unwrap();
    let begun = yard.engine.clock().now().wall;
    yard.submit("w", 1).await;
    tokio::time::sleep(120 * SECOND).await;
    let status = status_of(&dispatcher, "bad").await;
    let SinkActivity::Failing { since, failures } = status.activity else {
        panic!("{status:?}");
    };
    assert!(failures > 3, "{failures}");
    assert!(since.duration_since(begun) < SECOND.try_into().unwrap());
    let failure = status.last_failure.unwrap();
    assert!(failure.error.ends_with("the disk is full"), "{failure:?}");
    assert!(failure.at > since);
    broken.store(false, Ordering::SeqCst);
    tokio::time::sleep(60 * SECOND).await;
    let status = status_of(&dispatcher, "bad").await;
    assert_eq!(status.activity, SinkActivity::Idle);
    assert_eq!(status.lag.entries_behind(), 0);
    assert!(status.last_failure.is_some());
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_blocking_sink_that_blocks_its_thread_holds_up_nobody_even_on_a_single_thread() {
    let yard = Yard::new().await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Mutex::new(released);
    let blocks = blocking_sink(move |_| {
        let _ = released.lock().recv();
        Ok(())
    });
    let names = Names::default();
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("blocks", SinkStart::Beginning, blocks);
    let builder = builder.sink("good", SinkStart::Beginning, noting(&names));
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 3).await;
    assert!(yard.finished(batch).await.succeeded());
    while names
        .lock()
        .last()
        .is_none_or(|name| name != "w batch.finished")
    {
        tokio::task::yield_now().await;
    }
    let status = status_of(&dispatcher, "blocks").await;
    assert!(
        matches!(status.activity, SinkActivity::Delivering { .. }),
        "{status:?}"
    );
    drop(release);
    dispatcher.shutdown().await.unwrap();
    let lag = yard.engine.sinks().await.unwrap();
    assert!(lag.iter().all(|sink| sink.entries_behind() == 0), "{lag:?}");
}

#[tokio::test(start_paused = true)]
async fn the_engine_knows_every_sink_of_the_store_and_forgets_one_when_told() {
    let yard = Yard::new().await;
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("a", SinkStart::Beginning, |_: &Event| {});
    let dispatcher = builder.start().await.unwrap();
    dispatcher.shutdown().await.unwrap();
    yard.submit("w", 1).await;
    let sinks = yard.engine.sinks().await.unwrap();
    assert_eq!(sinks.len(), 1);
    assert_eq!(sinks[0].to_string(), "a: 1 entries behind");
    yard.engine.remove_sink("a".parse().unwrap()).await.unwrap();
    assert!(yard.engine.sinks().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_added_later_hears_of_what_has_been_if_it_begins_at_the_beginning() {
    let yard = Yard::new().await;
    let dispatcher = yard.dispatcher().workflow("w", done).start().await.unwrap();
    let before = yard.submit("w", 1).await;
    yard.finished(before).await;
    dispatcher.shutdown().await.unwrap();
    let (all, new) = (Names::default(), Names::default());
    let builder = yard.dispatcher().workflow("w", fails);
    let builder = builder.sink("all", SinkStart::Beginning, noting(&all));
    let builder = builder.sink("new", SinkStart::Now, noting(&new));
    let dispatcher = builder.start().await.unwrap();
    let after = yard.submit("w", 1).await;
    yard.finished(after).await;
    dispatcher.shutdown().await.unwrap();
    let (all, new) = (all.lock().clone(), new.lock().clone());
    assert!(all.contains(&"w run.processed".to_owned()));
    assert_eq!(all[all.len() - new.len()..], new);
    assert_eq!(new.first().map(String::as_str), Some("w batch.created"));
}
