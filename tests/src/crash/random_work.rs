use std::time::Duration;

use batch_core::id::BatchId;
use batch_core::run::Verdict;
use batch_core::storage::Disposition;
use fastrand::Rng;

use super::Worker;
use super::worker::{failed, needs_review, processed, retry};

/// Works at random for so many steps.
pub(super) async fn work(worker: &mut Worker, seed: u64, steps: u32) {
    worker.found().await;
    let mut random = Rng::with_seed(seed);
    let mut last = None;
    for step in 0..steps {
        match random.u32(0..25) {
            0..=3 => last = Some(submit(worker, seed, step).await),
            4 => cancel(worker, &mut last).await,
            5 => {
                worker.advance_sink(random.u64(0..200)).await;
                worker.prune(3).await;
            }
            6 => worker.answer(Verdict::ALL[random.usize(0..2)]).await,
            7 | 8 => {
                let tag = seed.wrapping_mul(1_000).wrapping_add(u64::from(step));
                let (which, bytes) = (random.usize(..), random.usize(0..3_000));
                worker.update(which, tag, bytes).await;
            }
            9 | 10 => worker.delete_run(random.usize(..)).await,
            11 if random.bool() => worker.delete_batch(random.usize(..)).await,
            _ => run_some(worker, &mut random).await,
        }
    }
}

async fn submit(worker: &mut Worker, seed: u64, step: u32) -> BatchId {
    let mut random = Rng::with_seed(seed ^ u64::from(step));
    let (runs, bytes) = (random.u32(1..60), random.usize(0..3_000));
    worker
        .submit(&format!("{seed}-{step}.{runs}.{bytes}"))
        .await
}

async fn cancel(worker: &mut Worker, last: &mut Option<BatchId>) {
    if let Some(batch) = last.take() {
        worker.cancel(batch).await;
    }
}

async fn run_some(worker: &mut Worker, random: &mut Rng) {
    let claims = worker.claim(random.u32(1..20)).await;
    for claim in &claims {
        if random.u32(0..4) == 0 {
            worker.record(claim, random.usize(0..3_000)).await;
        }
    }
    let ends = claims.into_iter().map(|claim| (claim, disposition(random)));
    worker.settle(ends.collect()).await;
}

fn disposition(random: &mut Rng) -> Disposition {
    match random.u32(0..9) {
        0 => Disposition::Released,
        1 => retry(Duration::from_millis(random.u64(0..20))),
        2 => failed(),
        3 => processed(random.usize(0..20_000)),
        4 => needs_review(random.usize(0..2_000)),
        5 => Disposition::Snoozed {
            after: Duration::from_millis(random.u64(0..20)),
        },
        _ => processed(0),
    }
}
