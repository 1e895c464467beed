use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use batch_core::catalogue::{Rate, WorkflowLimits};
use batch_core::id::WorkflowId;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use super::yard::Yard;
use batch_exec::dispatcher::Dispatcher;
use batch_exec::executor::{Outcome, RunContext};

/// A yard whose runs take a second each and are noted when they begin.
struct Slow {
    yard: Yard,
    start: Instant,
    began: Arc<Mutex<Vec<Instant>>>,
}

impl Slow {
    async fn new() -> Self {
        let yard = Yard::new().await;
        yard.engine.ensure_deployed(workflow()).await.unwrap();
        Self {
            yard,
            start: Instant::now(),
            began: Arc::default(),
        }
    }

    async fn dispatcher(&self) -> Dispatcher {
        let began = Arc::clone(&self.began);
        let execute = move |_: RunContext| {
            began.lock().push(Instant::now());
            async {
                sleep(Duration::from_secs(1)).await;
                Ok(Outcome::done_without_output())
            }
        };
        let builder = self.yard.dispatcher();
        let builder = builder.concurrency(NonZeroUsize::new(2).unwrap());
        let builder = builder.prefetch(0).workflow("w", execute);
        builder.start().await.unwrap()
    }

    async fn limit(&self, limits: WorkflowLimits) {
        let limited = self.yard.engine.limit_workflow(workflow(), limits).await;
        limited.unwrap();
    }

    /// After how many seconds each run began.
    fn seconds(&self) -> Vec<u64> {
        let began = self.began.lock();
        began
            .iter()
            .map(|at| (*at - self.start).as_secs())
            .collect()
    }
}

fn workflow() -> WorkflowId {
    "w".parse().unwrap()
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

#[tokio::test(start_paused = true)]
async fn nothing_more_of_a_paused_batch_begins_until_it_is_resumed() {
    let slow = Slow::new().await;
    let dispatcher = slow.dispatcher().await;
    let batch = slow.yard.submit("w", 6).await;
    let handle = slow.yard.engine.batch_handle(batch);
    sleep(Duration::from_millis(1_500)).await;
    handle.pause().await.unwrap();
    sleep(Duration::from_millis(8_500)).await;
    assert_eq!(slow.yard.batch(batch).await.counts.processed, 4);
    handle.resume().await.unwrap();
    slow.yard.finished(batch).await;
    assert_eq!(slow.seconds(), [0, 0, 1, 1, 10, 10]);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_paused_workflow_takes_in_batches_and_begins_none_until_it_is_resumed() {
    let slow = Slow::new().await;
    let dispatcher = slow.dispatcher().await;
    let engine = &slow.yard.engine;
    engine.pause_workflow(workflow()).await.unwrap();
    let batch = slow.yard.submit("w", 2).await;
    sleep(Duration::from_secs(7)).await;
    engine.resume_workflow(workflow()).await.unwrap();
    slow.yard.finished(batch).await;
    assert_eq!(slow.seconds(), [7, 7]);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dispatchers_together_hold_no_more_of_a_workflow_than_it_may() {
    let slow = Slow::new().await;
    slow.limit(WorkflowLimits::default().most_held(number(3)))
        .await;
    let dispatchers = [slow.dispatcher().await, slow.dispatcher().await];
    let batch = slow.yard.submit("w", 8).await;
    slow.yard.finished(batch).await;
    assert_eq!(slow.seconds(), [0, 0, 0, 1, 1, 1, 2, 2]);
    for dispatcher in dispatchers {
        dispatcher.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_goes_at_its_rate_though_nothing_else_happens() {
    let slow = Slow::new().await;
    let rate = Rate::new(number(2), Duration::from_secs(20));
    slow.limit(WorkflowLimits::default().rate(rate)).await;
    let dispatcher = slow.dispatcher().await;
    let batch = slow.yard.submit("w", 5).await;
    slow.yard.finished(batch).await;
    assert_eq!(slow.seconds(), [0, 0, 10, 20, 30]);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_raised_is_noticed_within_a_second() {
    let slow = Slow::new().await;
    let daily = Rate::new(number(1), Duration::from_secs(86_400));
    slow.limit(WorkflowLimits::default().rate(daily)).await;
    let dispatcher = slow.dispatcher().await;
    let batch = slow.yard.submit("w", 2).await;
    sleep(Duration::from_millis(5_500)).await;
    let quick = Rate::new(number(100), Duration::from_secs(1));
    slow.limit(WorkflowLimits::default().rate(quick)).await;
    slow.yard.finished(batch).await;
    let seconds = slow.seconds();
    assert!(seconds == [0, 5] || seconds == [0, 6], "{seconds:?}");
    dispatcher.shutdown().await.unwrap();
}
