use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::SubmissionRequest;
use batch_core::request::{BatchRequest, Fairness, Input};
use batch_core::run::Failure;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::yard::Yard;
use batch_exec::executor::{Outcome, RunContext};

/// How much a dispatcher takes on at a time.
#[derive(Clone, Copy)]
struct Width {
    slots: usize,
    prefetch: usize,
}

/// Few runs at once and few ahead, so that whatever goes before is seen.
const NARROW: Width = Width {
    slots: 8,
    prefetch: 16,
};
/// What the comparison with other queues dispatches with.
const WIDE: Width = Width {
    slots: 64,
    prefetch: 256,
};

fn texts(number: u32) -> impl Iterator<Item = Input> + Send {
    (0..number).map(|n| Input::text(format!("text {n}")))
}

/// An executor that notes which runs begin, and takes a second for each.
fn noting<T: Send + 'static>(
    seen: &Arc<Mutex<Vec<T>>>,
    note: fn(&RunContext) -> T,
) -> impl Fn(
    RunContext,
) -> std::pin::Pin<
    Box<dyn Future<Output = Result<Outcome, batch_exec::ExecutorError>> + Send>,
> + Send
+ Sync
+ 'static {
    let seen = Arc::clone(seen);
    move |run| {
        seen.lock().push(note(&run));
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Outcome::done_without_output())
        })
    }
}

/// Ten runs come while a hundred thousand are worked on; how many others begin before the last of them?
async fn begun_before_ten_behind_a_hundred_thousand(width: Width) -> usize {
    let yard = Yard::new().await;
    let began = Arc::new(Mutex::new(Vec::new()));
    yard.engine
        .ensure_deployed("w".parse().unwrap())
        .await
        .unwrap();
    let huge = SubmissionRequest::new("w");
    yard.engine.submit_all(huge, texts(100_000)).await.unwrap();
    let dispatcher = yard
        .dispatcher()
        .concurrency(NonZeroUsize::new(width.slots).unwrap())
        .prefetch(width.prefetch)
        .workflow("w", noting(&began, |run| run.id().batch()))
        .start()
        .await
        .unwrap();
    // In the midst of the huge one.
    tokio::time::sleep(Duration::from_millis(20_500)).await;
    let before = began.lock().len();
    assert!(before >= 20 * width.slots, "{before} began");
    let small = yard.submit("w", 10).await;
    let finished = yard.finished(small).await;
    assert_eq!(finished.counts.processed, 10);
    let began = began.lock().split_off(before);
    let last = began.iter().rposition(|batch| *batch == small).unwrap();
    let foreign = began[..last].iter().filter(|batch| **batch != small);
    let foreign = foreign.count();
    dispatcher.shutdown().await.unwrap();
    foreign
}

#[tokio::test(start_paused = true)]
async fn ten_runs_behind_a_hundred_thousand_begin_with_few_others_before_them() {
    let others = begun_before_ten_behind_a_hundred_thousand(NARROW).await;
    assert!(others <= 10 + NARROW.slots + NARROW.prefetch, "{others}");
}

#[tokio::test(start_paused = true)]
async fn a_dispatcher_that_takes_much_at_a_time_is_as_fair() {
    let others = begun_before_ten_behind_a_hundred_thousand(WIDE).await;
    assert!(others <= 10 + WIDE.slots + WIDE.prefetch, "{others}");
}

#[tokio::test(start_paused = true)]
async fn runs_of_a_key_that_may_hold_two_execute_two_at_a_time() {
    let yard = Yard::new().await;
    let began = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let dispatcher = yard
        .dispatcher()
        .workflow("w", noting(&began, |_| Instant::now()))
        .start()
        .await
        .unwrap();
    let tenant = Fairness::of("tenant").most_held(2.try_into().unwrap());
    let request = BatchRequest::new("w").fairness(tenant).inputs(texts(6));
    let batch = yard.engine.submit_batch(request).await.unwrap();
    yard.finished(batch.id()).await;
    let seconds: Vec<_> = began
        .lock()
        .iter()
        .map(|at| (*at - start).as_secs())
        .collect();
    assert_eq!(seconds, [0, 0, 1, 1, 2, 2]);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_spread_batch_begins_run_by_run_though_nothing_else_happens() {
    let yard = Yard::new().await;
    let began = Arc::new(Mutex::new(Vec::new()));
    let dispatcher = yard
        .dispatcher()
        .workflow("w", noting(&began, |_| Instant::now()))
        .start()
        .await
        .unwrap();
    let start = Instant::now();
    let spread = BatchRequest::new("w").spread(Duration::from_secs(400));
    let request = spread.inputs(texts(4));
    let batch = yard.engine.submit_batch(request).await.unwrap();
    yard.finished(batch.id()).await;
    let seconds: Vec<_> = began
        .lock()
        .iter()
        .map(|at| (*at - start).as_secs())
        .collect();
    assert_eq!(seconds, [0, 100, 200, 300]);
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dispatcher_wakes_to_end_what_has_expired() {
    let yard = Yard::new().await;
    let began = Arc::new(Mutex::new(Vec::new()));
    let dispatcher = yard
        .dispatcher()
        .concurrency(NonZeroUsize::MIN)
        .prefetch(0)
        .workflow("w", noting(&began, |run| run.id()))
        .start()
        .await
        .unwrap();
    let at = yard.engine.clock().now().wall + Duration::from_millis(2_500);
    let request = BatchRequest::new("w").expires_at(at).inputs(texts(10));
    let batch = yard.engine.submit_batch(request).await.unwrap();
    let finished = yard.finished(batch.id()).await;
    // The third was held when the batch expired, and went on.
    assert_eq!((finished.counts.processed, finished.counts.failed), (3, 7));
    let failure = yard.run(batch.id(), 9).await.failure.unwrap();
    assert_eq!(failure.reason(), Failure::EXPIRED);
    dispatcher.shutdown().await.unwrap();
}
