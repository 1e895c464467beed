use std::sync::Arc;
use std::time::Duration;

use batch_core::run::RunState;
use batch_core::storage::{ErrorKind, SinkStart};

use super::flaky_storage::{Fault, FlakyStorage};
use super::yard::Yard;
use batch_exec::dispatcher::DispatcherError;
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::sink::ChannelSink;

const SECOND: Duration = Duration::from_secs(1);

async fn work(_: RunContext) -> Result<Outcome, ExecutorError> {
    tokio::time::sleep(5 * SECOND).await;
    Ok(Outcome::done_without_output())
}

#[tokio::test(start_paused = true)]
async fn errors_that_pass_delay_runs_and_lose_none() {
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    let transient = ErrorKind::Transient;
    flaky.will([
        Fault::Claim(transient),
        Fault::Settle(transient),
        Fault::Renew(transient),
    ]);
    flaky.will([Fault::Claim(transient), Fault::Settle(transient)]);
    let behind = yard.behind(Arc::clone(&flaky) as _).await;
    let dispatcher = behind
        .dispatcher()
        .workflow("w", work)
        .start()
        .await
        .unwrap();
    let batch = yard.submit("w", 100).await;
    assert!(yard.finished(batch).await.succeeded());
    assert!(flaky.faults.lock().is_empty());
    assert_eq!(yard.run(batch, 99).await.attempts, 1);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_stops_the_dispatcher_and_says_why() {
    for fault in [Fault::Claim, Fault::Settle, Fault::Renew] {
        let yard = Yard::new().await;
        let flaky = FlakyStorage::new(yard.storage());
        flaky.will([fault(ErrorKind::Refusing)]);
        let behind = yard.behind(Arc::clone(&flaky) as _).await;
        let dispatcher = behind
            .dispatcher()
            .workflow("w", work)
            .start()
            .await
            .unwrap();
        yard.submit("w", 1).await;
        let error = dispatcher.failed().await;
        assert!(matches!(error, DispatcherError::Storage { .. }), "{error}");
        let later = yard.submit("w", 1).await;
        tokio::time::sleep(60 * SECOND).await;
        assert_eq!(yard.run(later, 0).await.state, RunState::Pending);
        let told = dispatcher.shutdown().await.unwrap_err();
        assert_eq!(told.to_string(), error.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_recovers_does_not_hold_up_a_shutdown_for_ever() {
    let yard = Yard::new().await;
    let flaky = FlakyStorage::new(yard.storage());
    flaky.will([Fault::Settle(ErrorKind::Transient); 100]);
    let behind = yard.behind(Arc::clone(&flaky) as _).await;
    let dispatcher = behind
        .dispatcher()
        .workflow("w", work)
        .start()
        .await
        .unwrap();
    let batch = yard.submit("w", 1).await;
    yard.until(batch, |batch| batch.counts.processing == 1)
        .await;
    assert!(dispatcher.shutdown().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_store_closed_under_a_dispatcher_stops_it_and_hangs_nobody() {
    for (runs, waited) in [
        (0, Duration::ZERO),
        (100, Duration::ZERO),
        (100, 7 * SECOND),
    ] {
        let yard = Yard::new().await;
        let (sender, _events) = tokio::sync::mpsc::channel(1_000);
        let dispatcher = yard
            .dispatcher()
            .workflow("w", work)
            .sink("s", SinkStart::Now, ChannelSink::new(sender))
            .start()
            .await
            .unwrap();
        if runs > 0 {
            yard.submit("w", runs).await;
        }
        tokio::time::sleep(waited).await;
        yard.engine.close().await.unwrap();
        let error = dispatcher.failed().await;
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("it is closed"), "{error}: {cause}");
        assert!(dispatcher.shutdown().await.is_err());
    }
}
