//! Batches of 1,000 in, executed, pruned, 20 kept: does memory and disk level off?
//!
//! `cargo run --release -p batch-benches --example steady_state -- [--backend sled|redb|log] [SECONDS]`
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use batch_benches::{RunOptions, WORKFLOW, batch, directory_bytes, resident_bytes};
use batch_core::id::WorkflowId;
use batch_core::run::Output;
use batch_core::storage::{ClaimRequest, Disposition, PruneRequest, Settlement, Storage};
use batch_core::time::{Clock, SystemClock};

const INPUTS: u32 = 1_000;
const BYTES: usize = 200;
const KEPT: usize = 20;

#[tokio::main]
async fn main() {
    let options = RunOptions::parse(std::env::args().skip(1), 60).unwrap();
    let (backend, seconds) = (options.backend, options.amount);
    let opened = backend.subject().open().await.unwrap();
    let storage = &**opened.storage();
    let workflow = WorkflowId::new(WORKFLOW).unwrap();
    println!(
        "{backend}, {INPUTS} inputs of {BYTES} bytes a batch, {KEPT} batches kept, {seconds} s"
    );
    println!(
        "{:>4} {:>8} {:>13} {:>9} {:>9}",
        "s", "batches", "runs ended", "resident", "on disk"
    );
    let start = Instant::now();
    let clock = SystemClock::default();
    let mut finished = VecDeque::new();
    let mut batches = 0u64;
    let mut next = Duration::ZERO;
    while start.elapsed() < Duration::from_secs(seconds) {
        storage.insert(batch(INPUTS, BYTES).unwrap()).await.unwrap();
        work_off(storage, &workflow).await;
        batches += 1;
        finished.push_back(clock.now().wall);
        if finished.len() > KEPT {
            finished.pop_front();
            let limit = NonZeroU32::new(8).unwrap();
            let before = finished[0];
            storage
                .prune(PruneRequest::new(before, limit))
                .await
                .unwrap();
        }
        if start.elapsed() >= next {
            report(&opened, start, batches);
            next += Duration::from_secs(5);
        }
    }
    report(&opened, start, batches);
}

async fn work_off(storage: &dyn Storage, workflow: &WorkflowId) {
    let output = Output::new(&"ok").unwrap();
    loop {
        let limit = NonZeroU32::new(64).unwrap();
        let request = ClaimRequest::new(vec![workflow.clone()], limit);
        let runs = storage.claim(request).await.unwrap().runs;
        if runs.is_empty() {
            return;
        }
        let settlements = runs.into_iter().map(|run| {
            let output = Some(output.clone());
            Settlement::new(run.claim, Disposition::Processed { output })
        });
        storage.settle(settlements.collect()).await.unwrap();
    }
}

fn report(opened: &batch_benches::Opened, start: Instant, batches: u64) {
    const MIB: u64 = 1 << 20;
    println!(
        "{:>4} {batches:>8} {:>13} {:>5} MiB {:>5} MiB",
        start.elapsed().as_secs(),
        batches * u64::from(INPUTS),
        resident_bytes() / MIB,
        directory_bytes(opened.path()) / MIB,
    );
}
