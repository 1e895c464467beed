//! A million queued runs in a thousand batches: what they cost in memory, and how long opening takes.
//!
//! `cargo run --release -p batch-benches --example queued_million -- [BATCHES]`
//!
//! Every measurement is made by a process of its own, since memory that was
//! freed once is not given back.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use batch_benches::{WORKFLOW, batch, directory_bytes, resident_bytes};
use batch_core::id::WorkflowId;
use batch_core::sled::SledStorage;
use batch_core::storage::{BatchQuery, Storage, WorkflowChange};

const INPUTS: u32 = 1_000;
const BYTES: usize = 200;
const MIB: u64 = 1 << 20;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("fill") => fill(Path::new(&arguments[2]), arguments[3].parse().unwrap()).await,
        Some("open") => open(Path::new(&arguments[2])).await,
        batches => compare(batches.unwrap_or("1000")),
    }
}

/// Fills one store and leaves another empty; opens each in a process of its own.
fn compare(batches: &str) {
    let directory = tempfile::tempdir().unwrap();
    let (empty, full) = (
        directory.path().join("empty"),
        directory.path().join("full"),
    );
    again(&["fill", empty.to_str().unwrap(), "0"]);
    again(&["fill", full.to_str().unwrap(), batches]);
    again(&["open", empty.to_str().unwrap()]);
    again(&["open", full.to_str().unwrap()]);
}

fn again(arguments: &[&str]) {
    let me = std::env::current_exe().unwrap();
    let status = Command::new(me).args(arguments).status().unwrap();
    assert!(status.success(), "{arguments:?}: {status}");
}

async fn fill(path: &Path, batches: u32) {
    let storage = SledStorage::open(path).unwrap();
    let id = WorkflowId::new(WORKFLOW).unwrap();
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(id, change).await.unwrap();
    let start = Instant::now();
    for _ in 0..batches {
        storage.insert(batch(INPUTS, BYTES).unwrap()).await.unwrap();
    }
    let took = start.elapsed();
    println!("stored {batches} batches of {INPUTS} inputs of {BYTES} bytes in {took:.2?}");
}

async fn open(path: &Path) {
    let start = Instant::now();
    let storage = SledStorage::open(path).unwrap();
    let took = start.elapsed();
    let resident = resident_bytes();
    let batches = storage.batches(BatchQuery::default()).await.unwrap();
    println!(
        "reopened in {took:.2?}: {} MiB resident, {} MiB on disk; the first batch has {:?} runs waiting",
        resident / MIB,
        directory_bytes(path) / MIB,
        batches.items.first().map(|batch| batch.counts.pending),
    );
}
