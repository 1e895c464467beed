use std::fmt;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use batch_core::storage::SinkStart;
use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

use batch_exec::blocking::blocking_fn;
use batch_exec::dispatcher::{DispatcherOptions, WorkflowOptions};
use batch_exec::sink::ChannelSink;
use batch_exec::{Outcome, RunContext};

use super::yard::Yard;

/// What is emitted, a line each: `span{field=value …}` or `span{…}: event field=value …`.
#[derive(Debug, Clone, Default)]
struct Recorder {
    spans: Arc<Mutex<Vec<String>>>,
    kinds: Arc<Mutex<Vec<&'static Metadata<'static>>>>,
    events: Arc<Mutex<Vec<String>>>,
    entered: Arc<Mutex<Vec<(std::thread::ThreadId, u64)>>>,
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Recorder {
    fn has_span(&self, name: &str, fields: &[String]) -> bool {
        has(&self.spans.lock(), name, fields)
    }

    fn has_event(&self, span: &str, fields: &[String]) -> bool {
        has(&self.events.lock(), span, fields)
    }

    /// The innermost span that this thread is in: its place.
    fn innermost(&self) -> Option<usize> {
        let here = std::thread::current().id();
        let entered = self.entered.lock();
        let (_, id) = entered.iter().rev().find(|(thread, _)| *thread == here)?;
        usize::try_from(*id - 1).ok()
    }
}

/// Whether a line begins with a name and has all these fields.
fn has(lines: &[String], name: &str, fields: &[String]) -> bool {
    let begins = format!("{name} ");
    let fits = |line: &String| {
        line.starts_with(&begins)
            && fields
                .iter()
                .all(|field| line.contains(&format!(" {field}")))
    };
    lines.iter().any(fits)
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("batch") || metadata.target().starts_with("promises")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = span.metadata().name().to_owned();
        span.record(&mut Line(&mut line));
        let mut spans = self.spans.lock();
        self.kinds.lock().push(span.metadata());
        spans.push(line);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let place = usize::try_from(span.into_u64() - 1).unwrap();
        values.record(&mut Line(&mut self.spans.lock()[place]));
    }

    fn current_span(&self) -> Current {
        let Some(place) = self.innermost() else {
            return Current::none();
        };
        Current::new(Id::from_u64(place as u64 + 1), self.kinds.lock()[place])
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let span = self
            .innermost()
            .map(|place| self.spans.lock()[place].clone());
        let mut line = span.unwrap_or_default();
        event.record(&mut Line(&mut line));
        self.events.lock().push(line);
    }

    fn enter(&self, span: &Id) {
        let here = std::thread::current().id();
        self.entered.lock().push((here, span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        let left = (std::thread::current().id(), span.into_u64());
        let mut entered = self.entered.lock();
        if let Some(place) = entered.iter().rposition(|entry| *entry == left) {
            entered.remove(place);
        }
    }
}

fn fields<const N: usize>(all: [String; N]) -> Vec<String> {
    all.into()
}

/// A batch of one run, submitted and executed, with a sink listening.
async fn observed(recorder: &Recorder, executor: impl batch_exec::Executor) -> [String; 4] {
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let yard = Yard::new().await;
    let dispatcher = yard
        .dispatcher()
        .workflow("w", executor)
        .sink(
            "ears",
            SinkStart::Beginning,
            |_: &batch_core::journal::Event| {},
        )
        .start()
        .await
        .unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await.id;
    dispatcher.shutdown().await.unwrap();
    [
        format!("batch={batch}"),
        format!("run={run}"),
        "workflow=w".to_owned(),
        "attempt=1".to_owned(),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_step_of_a_run_has_its_span_with_the_ids() {
    let recorder = Recorder::default();
    let work = |_: RunContext| async {
        tracing::info!("working");
        Ok(Outcome::done_without_output())
    };
    let [batch, run, workflow, attempt] = observed(&recorder, work).await;
    let all = fields([
        batch.clone(),
        run.clone(),
        workflow.clone(),
        attempt.clone(),
    ]);
    let submit = fields([batch.clone(), workflow, "runs=1".to_owned()]);
    assert!(recorder.has_span("submit", &submit), "{recorder:?}");
    assert!(
        recorder.has_span("claim", &fields(["claimed=1".to_owned()])),
        "{recorder:?}"
    );
    assert!(recorder.has_event("claim", &all), "{recorder:?}");
    assert!(recorder.has_span("run", &all), "{recorder:?}");
    assert!(recorder.has_event("run", &fields([run.clone(), "message=working".to_owned()])));
    assert!(
        recorder.has_span("settle", &fields(["runs=1".to_owned()])),
        "{recorder:?}"
    );
    let settled = fields([batch, run, attempt, "message=settled".to_owned()]);
    assert!(recorder.has_event("settle", &settled), "{recorder:?}");
    assert!(
        recorder.has_span("deliver", &fields(["sink=ears".to_owned()])),
        "{recorder:?}"
    );
    assert!(recorder.has_event("deliver", &all), "{recorder:?}");
}

#[tokio::test]
async fn what_a_blocking_closure_logs_is_inside_the_span_of_its_run() {
    let recorder = Recorder::default();
    let elsewhere = recorder.clone();
    let work = blocking_fn(move |_| {
        // A thread of the pool has no subscriber of its own, as a program's would be global.
        let _guard = tracing::subscriber::set_default(elsewhere.clone());
        tracing::info!("working");
        Ok(Outcome::done_without_output())
    });
    let [_, run, ..] = observed(&recorder, work).await;
    let working = fields([run, "message=working".to_owned()]);
    assert!(recorder.has_event("run", &working), "{recorder:?}");
}

impl Recorder {
    /// The events whose message has these words.
    fn saying(&self, words: &str) -> Vec<String> {
        let events = self.events.lock();
        let fits = |line: &&String| line.contains(words);
        events.iter().filter(fits).cloned().collect()
    }
}

#[tokio::test]
async fn an_executor_that_blocks_the_only_thread_there_is_is_warned_of_while_it_does() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let yard = Yard::new().await;
    let ears = recorder.clone();
    let blocks = move |_: RunContext| {
        let ears = ears.clone();
        async move {
            // Nothing but the watchdog's own thread can say so now.
            for _ in 0..10_000 {
                if !ears.saying("blocks a thread").is_empty() {
                    return Ok(Outcome::done_without_output());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(Outcome::fail("UNSAID", "nobody said that it blocks"))
        }
    };
    let mut options = DispatcherOptions::default();
    options.blocking_after = Duration::from_millis(20);
    let builder = yard.dispatcher().options(options).workflow("w", blocks);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    assert!(yard.finished(batch).await.succeeded());
    let run = yard.run(batch, 0).await.id;
    let said = recorder.saying("blocks a thread");
    assert_eq!(said.len(), 1, "{said:?}");
    let about = [
        format!("run={run}"),
        format!("batch={batch}"),
        "workflow=w".to_owned(),
    ];
    assert!(
        about.iter().all(|field| said[0].contains(field)),
        "{said:?}"
    );
    assert_eq!(recorder.saying("given it back").len(), 1);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_lasts_long_without_a_limit_is_warned_of_each_time_it_doubles() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let yard = Yard::new().await;
    let hour = Duration::from_secs(3_600);
    let slow = move |_: RunContext| async move {
        tokio::time::sleep(hour * 5).await;
        Ok(Outcome::done_without_output())
    };
    let limited = WorkflowOptions::default().run_timeout(hour * 9);
    let builder = yard.dispatcher().lease(hour).workflow("w", slow);
    let builder = builder.workflow_with("limited", limited, slow);
    let dispatcher = builder.start().await.unwrap();
    let (batch, other) = (yard.submit("w", 1).await, yard.submit("limited", 1).await);
    tokio::time::sleep(hour / 2).await;
    assert_eq!(recorder.saying("not returned").len(), 0);
    tokio::time::sleep(hour).await;
    assert_eq!(recorder.saying("not returned").len(), 1);
    tokio::time::sleep(hour * 4).await;
    yard.finished(other).await;
    yard.finished(batch).await;
    let said = recorder.saying("not returned");
    assert_eq!(said.len(), 3, "after one hour, two and four: {said:?}");
    assert!(said.iter().all(|line| line.contains("workflow=w")));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn runs_that_nobody_executes_are_warned_of_once_for_each_workflow() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let yard = Yard::new().await;
    let done = |_: RunContext| async { Ok(Outcome::done_without_output()) };
    let dispatcher = yard.dispatcher().workflow("w", done).start().await.unwrap();
    for (workflow, runs) in [("w", 1), ("lonely", 2), ("lonely", 3)] {
        yard.submit(workflow, runs).await;
    }
    tokio::time::sleep(Duration::from_secs(300)).await;
    let said = recorder.saying("nobody here executes");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("workflow=lonely") && said[0].contains("runs=5"),
        "{said:?}"
    );
    let late = yard
        .dispatcher()
        .workflow("lonely", done)
        .start()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    late.shutdown().await.unwrap();
    yard.submit("lonely", 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(recorder.saying("nobody here executes").len(), 2);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_has_the_same_events_for_long_is_warned_of_once() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let yard = Yard::new().await;
    let (sender, _receiver) = tokio::sync::mpsc::channel(1);
    let builder = yard.dispatcher();
    let builder = builder.sink("full", SinkStart::Beginning, ChannelSink::new(sender));
    let dispatcher = builder.start().await.unwrap();
    yard.submit("w", 1).await;
    yard.submit("w", 1).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    let warnings = |recorder: &Recorder| {
        let events = recorder.events.lock();
        events
            .iter()
            .filter(|line| line.contains("for long"))
            .count()
    };
    assert_eq!(warnings(&recorder), 0);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(warnings(&recorder), 1);
    dispatcher.shutdown_now().await.unwrap();
}

#[test]
fn the_page_on_observability_names_every_span() {
    let page = include_str!("../../../../docs/observability.md");
    for span in ["submit", "claim", "run", "settle", "deliver"] {
        assert!(page.contains(&format!("\n| `{span}` | ")), "{span}");
    }
}
