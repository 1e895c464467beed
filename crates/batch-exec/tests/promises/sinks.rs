use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use batch_core::journal::{Event, EventId, Sequence};
use batch_core::request::Input;
use batch_core::storage::{ErrorKind, SinkStart};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::mpsc;

use super::flaky_storage::{Fault, FlakyStorage};
use super::yard::Yard;
use batch_exec::dispatcher::{DispatcherBuilder, DispatcherError};
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::sink::{ChannelSink, EventSink, Gap, SinkError, TracingSink};

const SECOND: Duration = Duration::from_secs(1);

async fn done(_: RunContext) -> Result<Outcome, ExecutorError> {
    Ok(Outcome::done_without_output())
}

/// Remembers what it received.
#[derive(Debug, Clone, Default)]
struct Recorder {
    events: Arc<Mutex<Vec<Event>>>,
    gaps: Arc<Mutex<Vec<Gap>>>,
    /// How many deliveries fail first.
    failures: Arc<AtomicUsize>,
}

#[async_trait]
impl EventSink for Recorder {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        let left = self.failures.load(Ordering::SeqCst);
        if left > 0 {
            self.failures.store(left - 1, Ordering::SeqCst);
            match left % 2 {
                0 => panic!("a sink panics"),
                _ => return Err("a sink fails".into()),
            }
        }
        self.events.lock().extend_from_slice(events);
        Ok(())
    }

    async fn gap(&self, gap: Gap) -> Result<(), SinkError> {
        self.gaps.lock().push(gap);
        Ok(())
    }
}

impl Recorder {
    fn names(&self) -> Vec<&'static str> {
        self.events.lock().iter().map(|e| e.kind.name()).collect()
    }

    /// Each event came once, in the order of the journal.
    fn assert_in_order(&self) {
        let ids = self.ids();
        assert!(ids.is_sorted_by_key(|id| id.sequence));
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }

    fn ids(&self) -> Vec<EventId> {
        self.events.lock().iter().map(|e| e.id).collect()
    }
}

fn recording(builder: DispatcherBuilder, sink: &Recorder) -> DispatcherBuilder {
    builder.sink("recorder", SinkStart::Beginning, sink.clone())
}

#[tokio::test(start_paused = true)]
async fn a_sink_receives_every_transition_in_order_with_name_and_metadata() {
    let yard = Yard::new().await;
    let sink = Recorder::default();
    let work = |run: RunContext| async move {
        match (run.id().ordinal().get(), run.attempt().get()) {
            (1, 1) => Err("again")?,
            (2, _) => Ok(Outcome::fail("BAD", "no")),
            _ => Ok(Outcome::done_without_output()),
        }
    };
    let builder = recording(yard.dispatcher(), &sink).workflow("w", work);
    let dispatcher = builder.start().await.unwrap();
    let inputs = (0..3).map(|n| {
        let input = Input::text("t").with_name(format!("run {n}"));
        input.with_metadata(json!({"n": n}))
    });
    let batch = yard.submit_inputs("w", inputs).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    let mut of_run: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for event in sink.events.lock().iter() {
        assert_eq!((event.batch, event.workflow.as_str()), (batch, "w"));
        let Some(run) = event.kind.run() else {
            continue;
        };
        let n = run.id.ordinal().get();
        assert_eq!(run.name, Some(format!("run {n}")));
        assert_eq!(run.metadata.as_json(), format!("{{\"n\":{n}}}"));
        of_run.entry(n).or_default().push(event.kind.name());
    }
    assert_eq!(of_run[&0], ["run.started", "run.processed"]);
    let again = [
        "run.started",
        "run.retrying",
        "run.started",
        "run.processed",
    ];
    assert_eq!(of_run[&1], again);
    assert_eq!(of_run[&2], ["run.started", "run.failed"]);
    let names = sink.names();
    assert_eq!(names.first(), Some(&"batch.created"));
    assert_eq!(names.last(), Some(&"batch.finished"));
    sink.assert_in_order();
}

#[tokio::test(start_paused = true)]
async fn a_sink_goes_on_from_its_cursor_after_a_restart() {
    let yard = Yard::new().await;
    let sink = Recorder::default();
    for _ in 0..3 {
        let builder = recording(yard.dispatcher(), &sink).workflow("w", done);
        let dispatcher = builder.start().await.unwrap();
        let batch = yard.submit("w", 700).await;
        yard.finished(batch).await;
        dispatcher.shutdown().await.unwrap();
    }
    assert_eq!(sink.events.lock().len(), 3 * (700 + 700 + 3));
    sink.assert_in_order();
}

#[tokio::test(start_paused = true)]
async fn a_new_sink_can_begin_with_what_happens_from_now_on() {
    let yard = Yard::new().await;
    let sink = Recorder::default();
    yard.submit("other", 1).await;
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("recorder", SinkStart::Now, sink.clone());
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    assert!(sink.events.lock().iter().all(|event| event.batch == batch));
    assert_eq!(sink.names().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_or_panics_gets_the_same_again_and_hurts_nobody() {
    let yard = Yard::new().await;
    let (bad, good) = (Recorder::default(), Recorder::default());
    bad.failures.store(5, Ordering::SeqCst);
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("bad", SinkStart::Beginning, bad.clone());
    let builder = builder.sink("good", SinkStart::Beginning, good.clone());
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 10).await;
    assert!(yard.finished(batch).await.succeeded());
    tokio::time::sleep(SECOND / 10).await;
    assert_eq!(good.names().len(), 23);
    assert_eq!(bad.names().len(), 0);
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(bad.ids(), good.ids());
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_never_takes_anything_does_not_hold_up_runs_or_a_shutdown() {
    struct Stuck;
    #[async_trait]
    impl EventSink for Stuck {
        async fn deliver(&self, _: &[Event]) -> Result<(), SinkError> {
            std::future::pending().await
        }
    }
    let yard = Yard::new().await;
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("stuck", SinkStart::Beginning, Stuck);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1_000).await;
    assert!(yard.finished(batch).await.succeeded());
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_channel_holds_its_sink_back_and_loses_nothing() {
    let yard = Yard::new().await;
    let (sender, mut receiver) = mpsc::channel(1);
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("channel", SinkStart::Beginning, ChannelSink::new(sender));
    let builder = builder.sink("log", SinkStart::Beginning, TracingSink::new());
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 20).await;
    yard.finished(batch).await;
    let mut names = Vec::new();
    while names.last() != Some(&"batch.finished") {
        tokio::time::sleep(SECOND).await;
        names.push(receiver.recv().await.unwrap().kind.name());
    }
    assert_eq!(names.len(), 43);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_a_sink_and_may_read_the_store() {
    let yard = Yard::new().await;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("closure", SinkStart::Beginning, move |event: &Event| {
        let _ = sender.send(event.id);
    });
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    let mut ids = Vec::new();
    receiver.recv_many(&mut ids, 100).await;
    assert_eq!(ids.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_durable_cursor_stands_at_the_head_a_moment_after_the_last_event() {
    let yard = Yard::new().await;
    let sink = Recorder::default();
    let builder = recording(yard.dispatcher(), &sink).workflow("w", done);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 10).await;
    yard.finished(batch).await;
    tokio::time::sleep(SECOND).await;
    let head = yard.storage().wait(Sequence::START).await.unwrap();
    let cursors = yard.storage().sinks().await.unwrap();
    assert_eq!(cursors[0].position, head);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sink_whose_store_is_damaged_stops_and_runs_go_on() {
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    flaky.will([
        Fault::Journal(ErrorKind::Transient),
        Fault::Journal(ErrorKind::Damaged),
    ]);
    let behind = yard.behind(Arc::clone(&flaky) as _).await;
    let sink = Recorder::default();
    let builder = recording(behind.dispatcher(), &sink).workflow("w", done);
    let dispatcher = builder.start().await.unwrap();
    let error = dispatcher.failed().await;
    assert!(matches!(&error, DispatcherError::Sink { sink, .. } if sink.as_str() == "recorder"));
    let batch = yard.submit("w", 10).await;
    assert!(yard.finished(batch).await.succeeded());
    assert!(dispatcher.shutdown().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_comes_too_late_is_told_of_the_gap_once_and_goes_on() {
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    let sink = Recorder::default();
    let behind = yard.behind(Arc::clone(&flaky) as _).await;
    let builder = behind.dispatcher().workflow("w", done);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 10).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    flaky.will([Fault::Trimmed(Sequence::new(2))]);
    let builder = recording(behind.dispatcher(), &sink);
    let dispatcher = builder.start().await.unwrap();
    tokio::time::sleep(SECOND).await;
    dispatcher.shutdown().await.unwrap();
    let gaps = sink.gaps.lock().clone();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].first.get(), gaps[0].last.get()), (1, 2));
    assert_eq!(sink.ids()[0].sequence, Sequence::new(3));
    assert_eq!(sink.names().last(), Some(&"batch.finished"));
}
