//! What is promised of real time, as ratios within one run: on a store on disk.
#![allow(missing_docs, clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use batch_core::engine::{Engine, SubmissionRequest};
use batch_core::request::Input;
use batch_core::sled::SledStorage;
use batch_exec::{Dispatcher, Outcome, RunContext};

const SLOTS: usize = 8;
/// How long a run takes.
const WORK: Duration = Duration::from_millis(20);
const SMALL: u32 = 10;
const HUGE: u32 = 100_000;
/// An odd number of measurements has a middle one.
const MEASUREMENTS: usize = 7;

fn texts(number: u32) -> impl Iterator<Item = Input> + Send {
    (0..number).map(|n| Input::text(format!("text {n}")))
}

/// Submits a small batch and waits until it is finished; the middle one of several times.
async fn time_of_small_batches(engine: &Engine) -> Duration {
    let mut times = Vec::new();
    for _ in 0..MEASUREMENTS {
        let begun = Instant::now();
        let batch = engine.submit("w", texts(SMALL)).await.unwrap();
        assert!(batch.wait().await.unwrap().succeeded());
        times.push(begun.elapsed());
        tokio::time::sleep(WORK).await;
    }
    times.sort();
    times[MEASUREMENTS / 2]
}

/// The time of a slot to become free is at most that of one run: it comes on top.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "needs a release build")]
async fn a_small_batch_behind_a_huge_one_takes_three_times_its_solo_time_at_most() {
    let dir = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(dir.path().join("store")).unwrap();
    let engine = Engine::open(storage).await.unwrap();
    let work = |_: RunContext| async {
        tokio::time::sleep(WORK).await;
        Ok(Outcome::done_without_output())
    };
    let slots = NonZeroUsize::new(SLOTS).unwrap();
    let builder = Dispatcher::builder(&engine).concurrency(slots);
    let dispatcher = builder.workflow("w", work).start().await.unwrap();
    let solo = time_of_small_batches(&engine).await;
    let huge = SubmissionRequest::new("w");
    let huge = engine.submit_all(huge, texts(HUGE)).await.unwrap();
    tokio::time::sleep(10 * WORK).await;
    let behind = time_of_small_batches(&engine).await;
    let counts = huge.progress().await.unwrap().counts;
    let busy = counts.processed > 0 && counts.pending > u64::from(HUGE) / 2;
    assert!(busy, "the huge one is not in the midst: {counts}");
    println!(
        "alone {solo:?}, behind {HUGE} runs {behind:?}, executed of them {}",
        counts.processed
    );
    assert!(
        behind <= 3 * solo + WORK,
        "alone {solo:?}, behind {HUGE} runs {behind:?}"
    );
    dispatcher.shutdown_now().await.unwrap();
}
