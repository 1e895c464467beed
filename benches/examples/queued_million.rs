//! A million queued runs in a thousand batches: what they cost in memory, and how long opening takes.
//!
//! `cargo run --release -p batch-benches --example queued_million -- [--backend sled|redb|log] [BATCHES]`
//!
//! Every measurement is made by a process of its own, since memory that was
//! freed once is not given back.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use batch_benches::{Backend, RunOptions, WORKFLOW, batch, directory_bytes, resident_bytes};
use batch_core::id::WorkflowId;
use batch_core::storage::{BatchQuery, WorkflowChange};

const INPUTS: u32 = 1_000;
const BYTES: usize = 200;
const MIB: u64 = 1 << 20;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts[..] {
        ["fill", backend, path, batches] => {
            let batches = batches.parse().unwrap();
            fill(backend.parse().unwrap(), Path::new(path), batches).await;
        }
        ["open", backend, path] => open(backend.parse().unwrap(), Path::new(path)).await,
        _ => compare(RunOptions::parse(arguments, 1_000).unwrap()),
    }
}

/// Fills one store and leaves another empty; opens each in a process of its own.
fn compare(options: RunOptions) {
    let backend = options.backend.to_string();
    let directory = tempfile::tempdir().unwrap();
    let [empty, full] = ["empty", "full"].map(|name| {
        let path = directory.path().join(name);
        path.to_str().unwrap().to_owned()
    });
    println!("{backend}");
    again(&["fill", &backend, &empty, "0"]);
    again(&["fill", &backend, &full, &options.amount.to_string()]);
    again(&["open", &backend, &empty]);
    again(&["open", &backend, &full]);
}

fn again(arguments: &[&str]) {
    let me = std::env::current_exe().unwrap();
    let status = Command::new(me).args(arguments).status().unwrap();
    assert!(status.success(), "{arguments:?}: {status}");
}

async fn fill(backend: Backend, path: &Path, batches: u32) {
    let storage = backend.subject().open_at(path).unwrap();
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

async fn open(backend: Backend, path: &Path) {
    let start = Instant::now();
    let storage = backend.subject().open_at(path).unwrap();
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
