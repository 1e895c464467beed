use std::convert::Infallible;
use std::future::{Pending, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower::{Service, ServiceBuilder, service_fn};

use batch_exec::dispatcher::WorkflowOptions;
use batch_exec::executor::from_service;
use batch_exec::{Outcome, RetryPolicy, RunContext};

use super::yard::Yard;

/// A service that is never ready.
struct NeverReady;

impl Service<RunContext> for NeverReady {
    type Response = Outcome;
    type Error = Infallible;
    type Future = Pending<Result<Outcome, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: RunContext) -> Self::Future {
        pending()
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_is_called_only_when_it_is_ready_and_performs_every_run() {
    let yard = Yard::new().await;
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&inside), Arc::clone(&most));
    let work = service_fn(move |_: RunContext| {
        let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(10)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, Infallible>(Outcome::done_without_output())
        }
    });
    let service = ServiceBuilder::new().concurrency_limit(2).service(work);
    let dispatcher = yard.dispatcher().workflow("w", from_service(service));
    let dispatcher = dispatcher.start().await.unwrap();
    let batch = yard.submit("w", 20).await;
    assert_eq!(yard.finished(batch).await.counts.processed, 20);
    assert_eq!(most.load(Ordering::SeqCst), 2);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_service_is_a_failed_attempt() {
    let yard = Yard::new().await;
    let service = service_fn(|_: RunContext| async { Err::<Outcome, _>(std::fmt::Error) });
    let once = WorkflowOptions::default().retry(RetryPolicy::of_attempts(1));
    let dispatcher = yard.dispatcher();
    let dispatcher = dispatcher.workflow_with("w", once, from_service(service));
    let dispatcher = dispatcher.start().await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let failure = yard.run(batch, 0).await.failure.unwrap();
    let shown = format!("ERROR: {}", std::fmt::Error);
    assert_eq!(failure.to_string(), shown);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn runs_that_wait_for_a_service_end_as_soon_as_they_are_cancelled() {
    let yard = Yard::new().await;
    let dispatcher = yard.dispatcher().workflow("w", from_service(NeverReady));
    let grace = Duration::from_secs(5);
    let dispatcher = dispatcher.cancel_grace(grace).start().await.unwrap();
    let batch = yard.submit("w", 3).await;
    yard.until(batch, |batch| batch.counts.processing == 3)
        .await;
    let asked = Instant::now();
    yard.cancel(batch).await;
    assert_eq!(yard.finished(batch).await.counts.cancelled, 3);
    assert!(asked.elapsed() < grace);
    dispatcher.shutdown().await.unwrap();
}
