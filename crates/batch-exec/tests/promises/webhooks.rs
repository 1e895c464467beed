use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use batch_core::id::BatchId;
use batch_core::journal::Sequence;
use batch_core::request::Input;
use batch_core::storage::SinkStart;
use serde_json::json;

use super::webhook_receiver::{Arrival, Conduct, Receiver, events_of};
use super::yard::Yard;
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::webhook::{
    DeadReason, Delivery, DeliveryEnd, DeliveryId, DeliveryLog, DeliveryLogError, DeliveryState,
    EventFilter, FileDeliveryLog, LogRecord, LogSync, Redelivery, Signing, WebhookAnswer,
    WebhookError, WebhookOptions, WebhookSink,
};
use batch_exec::{Dispatcher, EventSink};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

async fn done(_: RunContext) -> Result<Outcome, ExecutorError> {
    Ok(Outcome::done_without_output())
}

/// A dispatcher that executes `w` and sends its events to a webhook.
async fn dispatching(yard: &Yard, webhook: &WebhookSink) -> Dispatcher {
    // So that days of simulated time are not full of heartbeats.
    let builder = yard.dispatcher().lease(24 * HOUR).workflow("w", done);
    let builder = builder.sink("hook", SinkStart::Beginning, webhook.clone());
    builder.start().await.unwrap()
}

/// Waits, for ten days at most, until something is so.
async fn until(so: impl Fn() -> bool) {
    for _ in 0..240 * 60 {
        if so() {
            return;
        }
        tokio::time::sleep(60 * SECOND).await;
    }
    panic!("it did not come to it in ten days");
}

fn log_at(path: &Path) -> FileDeliveryLog {
    FileDeliveryLog::open(path).unwrap()
}

fn is_dead(reason: DeadReason) -> impl Fn(&Delivery) -> bool {
    move |it| matches!(it.state, DeliveryState::Dead { reason: why, .. } if why == reason)
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_receives_the_events_it_wants_signed_and_in_order() {
    let yard = Yard::new().await;
    let receiver = Receiver::answering(&yard, 204);
    let webhook = receiver
        .sink(&yard)
        .events(EventFilter::only(["run.processed", "batch.*"]))
        .header("authorization", "Bearer token")
        .start()
        .await
        .unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let input = Input::text("t")
        .with_name("invoice 7")
        .with_metadata_json(r#"{"n":1.50}"#);
    let batch = yard.submit_inputs("w", [input]).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    assert_eq!(
        receiver.names(),
        [
            "batch.created",
            "run.processed",
            "batch.succeeded",
            "batch.finished"
        ]
    );
    let arrivals = receiver.arrivals();
    let Arrival {
        headers, body, id, ..
    } = &arrivals[1];
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["authorization"], "Bearer token");
    assert_eq!(body["data"]["batch"], json!(batch.to_string()));
    assert_eq!(body["data"]["run"]["name"], "invoice 7");
    assert_eq!(body["data"]["run"]["attempt"], 1);
    let delivery = webhook.delivery(*id).unwrap();
    assert!(
        delivery.body.contains(r#""metadata":{"n":1.50}"#),
        "{}",
        delivery.body
    );
    assert!(matches!(delivery.state, DeliveryState::Delivered { .. }));
    assert_eq!(delivery.attempts.len(), 1);
    let last = &arrivals[3].body["data"];
    assert_eq!(
        (&last["counts"]["processed"], &last["state"]),
        (&json!(1), &json!("PROCESSED"))
    );
}

#[tokio::test(start_paused = true)]
async fn secrets_are_changed_while_events_go_on_and_receivers_with_either_of_them_verify() {
    let yard = Yard::new().await;
    let events = events_of(&yard, 1, 2).await;
    let receiver = Receiver::answering(&yard, 200);
    let webhook = receiver.sink(&yard).start().await.unwrap();
    webhook.deliver(&events[..3]).await.unwrap();
    // The receiver of the test goes on with the old secret, and verifies.
    let new = Signing::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let both = new.and_previous(super::webhook_receiver::SECRET).unwrap();
    webhook.sign_with(both).unwrap();
    webhook.deliver(&events[3..]).await.unwrap();
    let signatures = |it: &Arrival| it.headers["webhook-signature"].split(' ').count();
    let counts: Vec<_> = receiver.arrivals().iter().map(signatures).collect();
    assert_eq!(counts, [1, 1, 1, 2, 2, 2, 2]);
    let other = Signing::extend("wss_of_another_scheme").unwrap();
    assert!(matches!(
        webhook.sign_with(other),
        Err(WebhookError::Scheme)
    ));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_would_be_too_large_is_sent_without_name_and_metadata() {
    let yard = Yard::new().await;
    let receiver = Receiver::answering(&yard, 200);
    let mut options = WebhookOptions::default();
    options.most_body_bytes = 1_000;
    let webhook = receiver.sink(&yard).options(options).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let large = Input::text("t").with_metadata(json!({"note": "x".repeat(5_000)}));
    let batch = yard.submit_inputs("w", [large, Input::text("small")]).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    assert_eq!(receiver.taken(), 7);
    for arrival in receiver.arrivals() {
        let run = &arrival.body["data"]["run"];
        let truncated = arrival.id.event().ordinal.is_some_and(|it| it.get() == 0);
        assert_eq!(run["truncated"] == true, truncated);
        assert!(arrival.body.to_string().len() <= 1_000);
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_under_the_same_id_signed_anew() {
    let yard = Yard::new().await;
    // Everything that a receiver can do wrong, one after the other; then it is well.
    let arrivals = AtomicUsize::new(0);
    let receiver = Receiver::new(&yard, move |_, _| {
        match arrivals.fetch_add(1, Ordering::SeqCst) {
            0 => Conduct::Answer(500),
            1 => Conduct::Reset,
            2 => Conduct::Hang,
            3 => Conduct::Answer(302),
            4 => Conduct::Panic,
            5 => Conduct::Answer(400),
            _ => Conduct::Answer(200),
        }
    });
    let webhook = receiver
        .sink(&yard)
        .events(EventFilter::only(["batch.created"]));
    let webhook = webhook.start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    yard.submit("w", 1).await;
    until(|| receiver.arrivals().len() == 7).await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 7);
    let mut stamps = BTreeSet::new();
    for arrival in &arrivals {
        assert_eq!(
            (arrival.id, &arrival.body),
            (arrivals[0].id, &arrivals[0].body)
        );
        let stamp = (
            &arrival.headers["webhook-timestamp"],
            &arrival.headers["webhook-signature"],
        );
        assert!(stamps.insert(stamp), "signed with an old time");
    }
    tokio::time::sleep(SECOND).await;
    let delivery = webhook.delivery(arrivals[0].id).unwrap();
    assert_eq!(delivery.attempts.len(), arrivals.len());
    let ends: Vec<_> = delivery
        .attempts
        .iter()
        .map(|it| it.end.to_string())
        .collect();
    for end in [
        "answered 500",
        "the connection failed",
        "no complete answer within 30s",
        "answered 302",
        "the transport panicked: the transport panics",
        "answered 400",
        "answered 200",
    ] {
        assert!(ends.iter().any(|it| it == end), "{end}: {ends:?}");
    }
    dispatcher.shutdown().await.unwrap();
}

/// The receiver is down from the first event on for a day.
async fn down_for_a_day(yard: &Yard, log: Option<FileDeliveryLog>) {
    let receiver = Receiver::new(yard, |_, at| match at < 24 * HOUR {
        true if at.as_millis().is_multiple_of(2) => Conduct::Answer(503),
        true => Conduct::Reset,
        false => Conduct::Answer(200),
    });
    let mut builder = receiver.sink(yard);
    if let Some(log) = log {
        builder = builder.log(log);
    }
    let webhook = builder.start().await.unwrap();
    let dispatcher = dispatching(yard, &webhook).await;
    for _ in 0..8 {
        let batch = yard.submit("w", 50).await;
        yard.finished(batch).await;
        tokio::time::sleep(3 * HOUR).await;
    }
    until(|| receiver.taken() == 8 * (50 * 2 + 3)).await;
    tokio::time::sleep(SECOND).await;
    let status = webhook.status();
    assert_eq!(
        (status.pending, status.dead, status.failures_in_a_row),
        (0, 0, 0)
    );
    assert_in_order(&receiver);
    dispatcher.shutdown().await.unwrap();
}

/// Nothing came before what it has to wait for.
pub(super) fn assert_in_order(receiver: &Receiver) {
    let (mut of_run, mut finished) = (HashMap::new(), HashMap::<BatchId, DeliveryId>::new());
    for Arrival { id, .. } in receiver.arrivals() {
        if let Some(end) = finished.get(&id.batch()) {
            assert_eq!(*end, id, "came after the last of its batch");
        }
        let last = of_run
            .entry((id.batch(), id.event().ordinal))
            .or_insert(id.event());
        assert!(id.event() >= *last, "{id} came after one that follows it");
        *last = id.event();
        let of_all = id.event().ordinal.is_none() && id.event().facet.is_none();
        if of_all && id.event().sequence > Sequence::new(1) {
            let of_batch = of_run.keys().filter(|(batch, _)| *batch == id.batch());
            if of_batch.count() > 1 {
                finished.insert(id.batch(), id);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_for_a_day_misses_nothing_where_deliveries_are_in_memory() {
    down_for_a_day(&Yard::new().await, None).await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_for_a_day_misses_nothing_where_deliveries_are_in_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = log_at(&dir.path().join("log"));
    down_for_a_day(&Yard::new().await, Some(log)).await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_asks_for_a_pause_gets_it_and_no_more_than_an_hour() {
    let yard = Yard::new().await;
    let receiver = Receiver::new(&yard, |_, at| {
        let retry_after = match at.as_secs() {
            0..10 => "120",
            120..130 => "999999",
            _ => return Conduct::Answer(200),
        };
        let mut answer = WebhookAnswer::with_status(429);
        answer.retry_after = Some(retry_after.to_owned());
        Conduct::AnswerWith(answer)
    });
    let mut options = WebhookOptions::default();
    options.in_flight = NonZeroUsize::MIN;
    let webhook = receiver.sink(&yard).options(options).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    yard.submit("w", 20).await;
    tokio::time::sleep(60 * SECOND).await;
    assert!(webhook.status().paused_for > 50 * SECOND);
    until(|| receiver.taken() == 43).await;
    assert_eq!(receiver.seconds()[..3], [0, 120, 3_720]);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_answers_410_is_left_alone_until_it_is_enabled_by_hand() {
    let yard = Yard::new().await;
    let (receiver, back) = Receiver::until_switched(&yard, 410);
    let webhook = receiver.sink(&yard).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let batch = yard.submit("w", 30).await;
    yard.finished(batch).await;
    tokio::time::sleep(HOUR).await;
    // `batch.created` goes alone; nothing came after its answer.
    assert_eq!(receiver.names(), ["batch.created"]);
    let dead = webhook.dead();
    assert_eq!(dead.len(), 63);
    assert!(dead.iter().all(is_dead(DeadReason::EndpointDisabled)));
    let first = dead[0].id;
    assert_eq!(
        webhook.redeliver(first).await.unwrap(),
        Redelivery::Disabled
    );

    back.store(true, Ordering::SeqCst);
    webhook.enable().await.unwrap();
    assert_eq!(webhook.status().disabled_at, None);
    let next = yard.submit("w", 1).await;
    yard.finished(next).await;
    webhook.idle().await;
    until(|| receiver.taken() == 5).await;
    assert_eq!(webhook.redeliver_dead().await.unwrap(), 63);
    assert_eq!(
        webhook.redeliver(dead[5].id).await.unwrap(),
        Redelivery::AlreadyPending
    );
    webhook.idle().await;
    assert_eq!((receiver.taken(), webhook.dead().len()), (68, 0));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_never_taken_is_listed_as_dead_and_holds_up_only_its_run_and_batch() {
    let yard = Yard::new().await;
    let dir = tempfile::tempdir().unwrap();
    let well = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let receiver = Receiver::new(&yard, move |id, _| {
        let poison = id.event().ordinal.is_some_and(|it| it.get() == 3);
        match poison && !is_well.load(Ordering::SeqCst) {
            true => Conduct::AnswerWith(WebhookAnswer {
                body: "cannot parse".to_owned(),
                ..WebhookAnswer::with_status(400)
            }),
            false => Conduct::Answer(200),
        }
    });
    let log = log_at(&dir.path().join("log"));
    let webhook = receiver.sink(&yard).log(log).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let batch = yard.submit("w", 4).await;
    yard.finished(batch).await;
    let other = yard.submit("w", 3).await;
    yard.finished(other).await;
    tokio::time::sleep(10 * SECOND).await;
    // Seven of the first batch, all eight of the other.
    assert_eq!((receiver.taken(), webhook.status().pending), (7 + 9, 4));
    // What the log holds needs no dispatcher.
    dispatcher.shutdown().await.unwrap();
    until(|| webhook.status().pending == 0).await;
    let dead = webhook.dead();
    let names: Vec<_> = dead.iter().map(|it| it.event.as_str()).collect();
    assert_eq!(names, ["run.started", "run.processed"]);
    assert!(dead.iter().all(is_dead(DeadReason::TriesSpent)));
    assert_eq!(dead[0].attempts.len(), 15);
    let took = dead[0].attempts[14]
        .at
        .duration_since(dead[0].attempts[0].at);
    assert!((24..32).contains(&took.as_hours()), "{took}");
    let answered = DeliveryEnd::Answered {
        status: 400,
        body: "cannot parse".to_owned(),
    };
    assert_eq!(dead[0].attempts[14].end, answered);
    assert_eq!(receiver.names().last().unwrap(), "batch.finished");

    well.store(true, Ordering::SeqCst);
    for it in &dead {
        assert_eq!(
            webhook.redeliver(it.id).await.unwrap(),
            Redelivery::Accepted
        );
    }
    webhook.idle().await;
    assert_eq!((receiver.taken(), webhook.dead().len()), (11 + 9, 0));
    let delivered = webhook.delivery(dead[0].id).unwrap();
    assert_eq!(delivered.attempts.len(), 16);
}

#[tokio::test(start_paused = true)]
async fn no_more_are_under_way_than_allowed_and_an_endpoint_that_hangs_hurts_nobody_else() {
    let yard = Yard::new().await;
    let (hanging, well) = (
        Receiver::new(&yard, |_, _| Conduct::Hang),
        Receiver::answering(&yard, 200),
    );
    let mut options = WebhookOptions::default();
    options.in_flight = NonZeroUsize::new(3).unwrap();
    let bad = hanging
        .sink(&yard)
        .options(options.clone())
        .start()
        .await
        .unwrap();
    let good = well.sink(&yard).options(options).start().await.unwrap();
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("bad", SinkStart::Beginning, bad.clone());
    let builder = builder.sink("good", SinkStart::Beginning, good.clone());
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 100).await;
    yard.finished(batch).await;
    tokio::time::sleep(20 * SECOND).await;
    assert_eq!((well.taken(), well.most_at_once()), (203, 3));
    until(|| hanging.arrivals().len() > 6).await;
    assert!(hanging.most_at_once() <= 3);
    let second_try = hanging.seconds()[1];
    assert!(
        (35..=37).contains(&second_try),
        "30 s, a second of grace, and the first wait: {second_try}"
    );
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_what_the_log_holds_is_delivered_and_known_as_before() {
    let yard = Yard::new().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let down = Receiver::answering(&yard, 500);
    let webhook = down.sink(&yard).log(log_at(&path)).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let batch = yard.submit("w", 40).await;
    yard.finished(batch).await;
    tokio::time::sleep(HOUR).await;
    // The sink's cursor has passed all of it, and nothing has arrived.
    let cursors = yard.storage().sinks().await.unwrap();
    let head = yard.storage().wait(Sequence::START).await.unwrap();
    assert_eq!((cursors[0].position, down.taken()), (head, 0));
    dispatcher.shutdown().await.unwrap();
    let before = webhook.deliveries(None, 1_000, |_| true);
    drop(webhook);
    tokio::time::sleep(SECOND).await;

    let up = Receiver::answering(&yard, 200);
    let webhook = up.sink(&yard).log(log_at(&path)).start().await.unwrap();
    assert_eq!(webhook.deliveries(None, 1_000, |_| true), before);
    assert_eq!(webhook.status().pending, 83);
    webhook.idle().await;
    assert_eq!(up.taken(), 83);
    assert_in_order(&up);
}

#[tokio::test(start_paused = true)]
async fn events_that_come_again_after_a_crash_are_not_sent_again_where_the_log_has_them() {
    let yard = Yard::new().await;
    let events = events_of(&yard, 1, 20).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let receiver = Receiver::answering(&yard, 200);
    let webhook = receiver
        .sink(&yard)
        .log(log_at(&path))
        .start()
        .await
        .unwrap();
    // The process dies after the log was written and before the cursor was moved.
    webhook.deliver(&events).await.unwrap();
    webhook.deliver(&events).await.unwrap();
    webhook.idle().await;
    drop(webhook);
    tokio::time::sleep(SECOND).await;
    let webhook = receiver
        .sink(&yard)
        .log(log_at(&path))
        .start()
        .await
        .unwrap();
    webhook.deliver(&events).await.unwrap();
    webhook.idle().await;
    assert_eq!((receiver.taken(), receiver.arrivals().len()), (43, 43));
}

/// A log whose disk fails until it is mended.
#[derive(Debug, Clone, Default)]
struct FailingLog {
    is_well: Arc<AtomicBool>,
}

#[async_trait]
impl DeliveryLog for FailingLog {
    async fn load(&self) -> Result<Vec<LogRecord>, DeliveryLogError> {
        Ok(Vec::new())
    }

    async fn append(&self, _: &[LogRecord], _: LogSync) -> Result<(), DeliveryLogError> {
        match self.is_well.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(DeliveryLogError::Other("the disk is full".to_owned())),
        }
    }

    async fn replace(&self, _: &[LogRecord]) -> Result<(), DeliveryLogError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_log_cannot_be_written_nothing_is_sent_and_the_cursor_stays() {
    let yard = Yard::new().await;
    let receiver = Receiver::answering(&yard, 200);
    let log = FailingLog::default();
    let webhook = receiver.sink(&yard).log(log.clone()).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let batch = yard.submit("w", 5).await;
    yard.finished(batch).await;
    tokio::time::sleep(HOUR).await;
    let cursors = yard.storage().sinks().await.unwrap();
    assert_eq!(
        (cursors[0].position, receiver.arrivals().len()),
        (Sequence::START, 0)
    );
    log.is_well.store(true, Ordering::SeqCst);
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(receiver.taken(), 13);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_log_what_was_not_delivered_comes_again_from_the_journal() {
    let yard = Yard::new().await;
    let flaky = Receiver::new(&yard, |id, _| match id.event().ordinal {
        Some(ordinal) if ordinal.get() == 7 => Conduct::Answer(500),
        _ => Conduct::Answer(200),
    });
    let webhook = flaky.sink(&yard).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let batch = yard.submit("w", 10).await;
    yard.finished(batch).await;
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(flaky.taken(), 1 + 18);
    dispatcher.shutdown().await.unwrap();
    drop(webhook);

    let up = Receiver::answering(&yard, 200);
    let webhook = up.sink(&yard).start().await.unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(flaky.has().union(&up.has()).count(), 23);
    assert_in_order(&up);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn more_than_may_be_pending_waits_in_the_journal() {
    let yard = Yard::new().await;
    let dir = tempfile::tempdir().unwrap();
    let (receiver, up) = Receiver::until_switched(&yard, 500);
    let mut options = WebhookOptions::default();
    options.most_pending = NonZeroUsize::new(10).unwrap();
    let log = log_at(&dir.path().join("log"));
    let webhook = receiver
        .sink(&yard)
        .options(options)
        .log(log)
        .start()
        .await
        .unwrap();
    let dispatcher = dispatching(&yard, &webhook).await;
    let batch = yard.submit("w", 50).await;
    assert!(yard.finished(batch).await.succeeded());
    tokio::time::sleep(HOUR).await;
    assert_eq!(webhook.status().pending, 10);
    up.store(true, Ordering::SeqCst);
    webhook.try_now();
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!(receiver.taken(), 103);
    assert_in_order(&receiver);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_is_not_allowed_or_a_header_of_ours_is_refused_at_the_start() {
    let signing = || Signing::standard(super::webhook_receiver::SECRET).unwrap();
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://example.com:25/",
        "nonsense",
    ] {
        let error = WebhookSink::builder(url, signing())
            .start()
            .await
            .unwrap_err();
        assert!(matches!(error, WebhookError::Url(_)), "{url}: {error}");
    }
    for (name, value) in [
        ("Webhook-Id", "1"),
        ("content-length", "1"),
        ("a b", "1"),
        ("x", "a\r\nb: c"),
    ] {
        let builder = WebhookSink::builder("https://example.com/", signing());
        let error = builder.header(name, value).start().await.unwrap_err();
        assert!(
            matches!(error, WebhookError::Header { .. }),
            "{name}: {error}"
        );
    }
}
