//! A hundred thousand inputs go in under a bound, and their results come out as they end.
//!
//! `cargo run --release -p batch-exec --example stream_100k`

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Instant;

use batch_core::engine::{Engine, ResultOrder, SubmissionRequest};
use batch_core::memory::MemoryStorage;
use batch_core::request::Input;
use batch_core::storage::QueueBound;
use batch_exec::{Dispatcher, Outcome, RunContext};

const INPUTS: u64 = 100_000;
/// Never do more runs than this wait, however many inputs there are.
const BOUND: NonZeroU64 = NonZeroU64::new(5_000).expect("5,000 is not zero");
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not zero");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::builder()
        .queue_bound(QueueBound::new(BOUND))
        .open(MemoryStorage::new())
        .await?;
    let dispatcher = Dispatcher::builder(&engine)
        .workflow("square", |run: RunContext| async move {
            let number: u64 = run.text()?.parse()?;
            Ok(Outcome::done(number * number))
        })
        .concurrency(AT_ONCE)
        .start()
        .await?;

    let began = Instant::now();
    let inputs = (0..INPUTS).map(|n| Input::text(n.to_string()));
    let submission = engine
        .submit_all(SubmissionRequest::new("square"), inputs)
        .await?;
    println!("submitted {INPUTS} inputs in {:.1?}", began.elapsed());

    // What is held in memory here does not grow with the submission.
    let mut results = submission.results(ResultOrder::Completion);
    let (mut given, mut sum) = (0u64, 0u128);
    while let Some(run) = results.next().await? {
        let output = run.output.ok_or("every run has an output")?;
        sum += u128::from(output.parse::<u64>()?);
        given += 1;
        if given.is_multiple_of(25_000) {
            // Kept with what was made of the results, this is where to go on after a crash.
            println!("{given} results, go on from {}", results.position());
        }
    }
    assert_eq!(given, INPUTS);
    let expected: u128 = (0..u128::from(INPUTS)).map(|n| n * n).sum();
    assert_eq!(sum, expected, "each run was given once");
    println!("{given} results in {:.1?}, sum {sum}", began.elapsed());

    dispatcher.shutdown().await?;
    Ok(())
}
