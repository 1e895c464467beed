use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use batch_core::journal::{Event, Sequence};
use batch_core::storage::SinkStart;

use batch_exec::dispatcher::{DispatcherOptions, WorkflowLabel};
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::metrics::{MeteredStorage, catalogue, describe};
use batch_exec::webhook::WebhookOptions;

use super::flaky_storage::{Fault, FlakyStorage};
use super::meter_recorder::MeterRecorder;
use super::webhook_receiver::{Conduct, Receiver};
use super::yard::Yard;

const SECOND: Duration = Duration::from_secs(1);

async fn done(_: RunContext) -> Result<Outcome, ExecutorError> {
    Ok(Outcome::done_without_output())
}

/// Takes two seconds, or ends in one of several ways, by its place.
async fn by_place(run: RunContext) -> Result<Outcome, ExecutorError> {
    match (run.id().ordinal().get(), run.attempt().get()) {
        (1, 1) => Err("again")?,
        (2, _) => return Ok(Outcome::fail("BAD", "no")),
        (3, _) => tokio::time::sleep(2 * SECOND).await,
        _ => {}
    }
    Ok(Outcome::done_without_output())
}

/// Workflows by name, and a look at the live batches each second.
fn options() -> DispatcherOptions {
    let mut options = DispatcherOptions::default();
    options.workflow_label = WorkflowLabel::Shown;
    options.survey_every = SECOND;
    options
}

async fn metered_yard() -> Yard {
    let yard = Yard::new().await;
    let metered = MeteredStorage::over(Arc::clone(yard.storage()));
    yard.behind(metered).await
}

#[tokio::test(start_paused = true)]
async fn runs_and_attempts_are_counted_by_workflow_and_outcome() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = metered_yard().await;
    let builder = yard.dispatcher().options(options());
    let dispatcher = builder.workflow("w", by_place).start().await.unwrap();
    let batch = yard.submit("w", 4).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    let finished = |outcome| {
        recorder.counter(&format!(
            "batchyard_runs_finished_total{{outcome={outcome},workflow=w}}"
        ))
    };
    assert_eq!((finished("processed"), finished("failed")), (3, 1));
    let attempts = |outcome| {
        recorder.counter(&format!(
            "batchyard_run_attempts_total{{outcome={outcome},workflow=w}}"
        ))
    };
    assert_eq!(
        (
            attempts("processed"),
            attempts("failed"),
            attempts("retrying")
        ),
        (3, 1, 1)
    );
    assert_eq!(recorder.counter("batchyard_batches_submitted_total{}"), 1);
    let took = recorder.histogram("batchyard_run_duration_seconds{workflow=w}");
    assert_eq!(took.len(), 5);
    assert!(took.iter().any(|seconds| *seconds >= 2.0));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_given_back_is_an_attempt_and_no_end() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = metered_yard().await;
    let never = |run: RunContext| async move {
        run.cancellation().cancelled().await;
        Ok(Outcome::fail("STOPPED", "told to stop"))
    };
    let builder = yard.dispatcher().options(options()).shutdown_grace(SECOND);
    let dispatcher = builder.workflow("w", never).start().await.unwrap();
    yard.submit("w", 1).await;
    tokio::time::sleep(SECOND).await;
    dispatcher.shutdown().await.unwrap();
    let released = "batchyard_run_attempts_total{outcome=released,workflow=w}";
    assert_eq!(recorder.counter(released), 1);
    let ended = |series: &String| series.starts_with("batchyard_runs_finished_total");
    assert!(!recorder.series().iter().any(ended));
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_shown_with_the_age_of_the_oldest() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let before = yard.submit("elsewhere", 2).await;
    let done_before = yard.submit("w", 1).await;
    let builder = yard.dispatcher().options(options());
    let dispatcher = builder.workflow("w", by_place).start().await.unwrap();
    yard.finished(done_before).await;
    tokio::time::sleep(5 * SECOND).await;
    yard.submit("elsewhere", 3).await;
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(recorder.gauge("batchyard_runs{state=pending}"), Some(5.0));
    assert_eq!(
        recorder.gauge("batchyard_runs{state=processing}"),
        Some(0.0)
    );
    let age = recorder.gauge("batchyard_oldest_pending_run_age_seconds{}");
    assert!(age.is_some_and(|age| (9.0..12.0).contains(&age)), "{age:?}");
    yard.cancel(before).await;
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(recorder.gauge("batchyard_runs{state=pending}"), Some(3.0));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_first_batch_of_a_store_that_was_empty_when_it_was_looked_over_is_seen() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let builder = yard.dispatcher().options(options());
    let dispatcher = builder.workflow("w", by_place).start().await.unwrap();
    tokio::time::sleep(5 * SECOND).await;
    yard.submit("elsewhere", 3).await;
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(recorder.gauge("batchyard_runs{state=pending}"), Some(3.0));
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_lost_is_counted_once() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    let behind = yard.behind(Arc::clone(&flaky) as _).await;
    let slow = |_: RunContext| async {
        tokio::time::sleep(10 * SECOND).await;
        Ok(Outcome::done_without_output())
    };
    let builder = behind.dispatcher().options(options()).workflow("w", slow);
    let dispatcher = builder.start().await.unwrap();
    yard.submit("w", 1).await;
    tokio::time::sleep(SECOND / 2).await;
    flaky.will([Fault::Lost]);
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(recorder.counter("batchyard_leases_expired_total{}"), 1);
    dispatcher.shutdown_now().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn entries_that_a_sink_missed_are_counted_under_its_name() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    let behind = yard.behind(Arc::clone(&flaky) as _).await;
    yard.submit("w", 1).await;
    yard.submit("w", 1).await;
    flaky.will([Fault::Trimmed(Sequence::new(2))]);
    let builder = behind
        .dispatcher()
        .sink("late", SinkStart::Beginning, |_: &Event| {});
    let dispatcher = builder.start().await.unwrap();
    tokio::time::sleep(SECOND).await;
    dispatcher.shutdown().await.unwrap();
    assert_eq!(
        recorder.counter("batchyard_events_dropped_total{sink=late}"),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn tries_of_webhooks_are_counted_by_what_came_of_them() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    // A run's events are refused; the first try of its batch's is.
    let receiver = Receiver::new(&yard, |id, at| match (id.event().ordinal, at) {
        (Some(_), _) => Conduct::Answer(400),
        (None, at) if at < SECOND => Conduct::Answer(500),
        _ => Conduct::Answer(200),
    });
    let mut webhook_options = WebhookOptions::default();
    webhook_options.schedule.tries = std::num::NonZeroU32::new(2).unwrap();
    let webhook = receiver
        .sink(&yard)
        .options(webhook_options)
        .start()
        .await
        .unwrap();
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("hook", SinkStart::Beginning, webhook.clone());
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    tokio::time::sleep(3_600 * SECOND).await;
    dispatcher.shutdown().await.unwrap();
    let tries = |outcome| {
        recorder.counter(&format!(
            "batchyard_webhook_deliveries_total{{outcome={outcome}}}"
        ))
    };
    let all = tries("delivered") + tries("retrying") + tries("dead");
    assert_eq!(all, receiver.arrivals().len() as u64);
    assert!(tries("retrying") > 0 && tries("delivered") > 0 && tries("dead") > 0);
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_metered_store_are_timed_by_operation_and_outcome() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    let metered = MeteredStorage::over(Arc::clone(&flaky) as _);
    let behind = yard.behind(metered).await;
    behind.submit("w", 1).await;
    let backend = yard.storage().description().backend;
    let calls = |operation, outcome| {
        let name = "batchyard_store_operation_duration_seconds";
        let labels = format!("backend={backend},operation={operation},outcome={outcome}");
        recorder.histogram(&format!("{name}{{{labels}}}")).len()
    };
    assert_eq!((calls("insert", "ok"), calls("insert", "error")), (1, 0));
    flaky.will([Fault::Journal(batch_core::storage::ErrorKind::Transient)]);
    let one = std::num::NonZeroU32::MIN;
    assert!(
        behind
            .storage()
            .journal(Sequence::START, one)
            .await
            .is_err()
    );
    assert_eq!((calls("journal", "ok"), calls("journal", "error")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_workflow_is_no_label_unless_the_host_says_so() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = metered_yard().await;
    let dispatcher = yard.dispatcher().workflow("w", done).start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    assert_eq!(
        recorder.counter("batchyard_runs_finished_total{outcome=processed}"),
        1
    );
    assert!(
        recorder
            .series()
            .iter()
            .all(|series| !series.contains("workflow="))
    );
}

#[tokio::test(start_paused = true)]
async fn all_that_is_measured_is_in_the_catalogue_and_names_no_id() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    describe();
    let yard = metered_yard().await;
    let builder = yard.dispatcher().options(options()).workflow("w", by_place);
    let builder = builder.sink("ears", SinkStart::Beginning, |_: &Event| {});
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 4).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    let known: BTreeSet<_> = catalogue().map(|metric| metric.name.to_owned()).collect();
    let described: BTreeSet<_> = recorder.described().into_iter().map(|it| it.0).collect();
    assert_eq!(described, known);
    let seen = recorder.series();
    assert!(seen.len() > 10, "{seen:?}");
    for series in seen {
        let (name, labels) = series.split_once('{').unwrap();
        assert!(known.contains(name), "{series}");
        let metric = catalogue().find(|metric| metric.name == name).unwrap();
        for label in labels
            .trim_end_matches('}')
            .split(',')
            .filter(|it| !it.is_empty())
        {
            let (label, value) = label.split_once('=').unwrap();
            assert!(metric.labels.contains(&label), "{series}");
            assert!(
                !value.contains("batch_") && !value.contains("run_"),
                "{series}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn how_long_a_run_waited_is_measured_once() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let dispatcher = yard
        .dispatcher()
        .options(options())
        .workflow("w", by_place)
        .start()
        .await
        .unwrap();
    let batch = yard.submit("w", 2).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    // Two runs and three attempts.
    assert_eq!(
        recorder
            .histogram("batchyard_run_wait_seconds{workflow=w}")
            .len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn how_far_sinks_are_behind_and_how_often_they_failed_is_shown() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let failing = |_: &Event| panic!("a sink panics");
    let builder = yard.dispatcher().options(options());
    let builder = builder.sink("bad", SinkStart::Beginning, failing);
    let builder = builder.sink("good", SinkStart::Beginning, |_: &Event| {});
    let dispatcher = builder.start().await.unwrap();
    yard.submit("w", 1).await;
    yard.submit("w", 1).await;
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(
        recorder.gauge("batchyard_sink_lag_entries{sink=bad}"),
        Some(2.0)
    );
    assert_eq!(
        recorder.gauge("batchyard_sink_lag_entries{sink=good}"),
        Some(0.0)
    );
    assert!(recorder.counter("batchyard_sink_failures_total{sink=bad}") > 2);
    assert_eq!(
        recorder.counter("batchyard_sink_failures_total{sink=good}"),
        0
    );
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_executor_that_blocked_its_thread_is_counted() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let blocks = |run: RunContext| async move {
        if run.id().ordinal().get() == 0 {
            std::thread::sleep(SECOND / 20);
        }
        Ok(Outcome::done_without_output())
    };
    let mut options = options();
    options.blocking_after = SECOND / 20;
    let builder = yard.dispatcher().options(options).workflow("w", blocks);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit("w", 2).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    assert_eq!(
        recorder.counter("batchyard_executor_blocks_total{workflow=w}"),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_that_last_long_and_runs_that_nobody_executes_are_shown() {
    let recorder = MeterRecorder::default();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let yard = Yard::new().await;
    let mut options = options();
    options.long_after = SECOND;
    let builder = yard.dispatcher().options(options).workflow("w", by_place);
    let dispatcher = builder.start().await.unwrap();
    yard.submit("lonely", 3).await;
    // The fourth takes two seconds, and then there is none that is long.
    let batch = yard.submit("w", 4).await;
    tokio::time::sleep(SECOND * 18 / 10).await;
    assert_eq!(recorder.gauge("batchyard_long_attempts{}"), Some(1.0));
    assert_eq!(recorder.gauge("batchyard_executors_blocking{}"), Some(0.0));
    assert_eq!(recorder.gauge("batchyard_unserved_runs{}"), Some(3.0));
    yard.finished(batch).await;
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(recorder.gauge("batchyard_long_attempts{}"), Some(0.0));
    dispatcher.shutdown().await.unwrap();
}
