//! Durable submits: batches of 1, 100 and 1,000 inputs of 200 bytes, checked and stored.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;

use batch_benches::{Backend, WORKFLOW, batch, inputs};
use batch_core::engine::Engine;
use batch_core::id::WorkflowId;
use batch_core::storage::{Storage, WorkflowChange};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const BYTES: usize = 200;

fn enqueue(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for backend in Backend::ALL {
        let opened = backend.open().unwrap();
        let engine = runtime.block_on(async {
            let engine = Engine::builder()
                .open_shared(Arc::clone(&opened.storage))
                .await
                .unwrap();
            deploy(&**engine.storage()).await;
            engine
        });
        let what = opened.storage.description();
        println!(
            "{}: durability: {}; payload: {BYTES} bytes an input; 1 submitter",
            what.backend, what.durability
        );
        let mut group = c.benchmark_group(format!("enqueue/{}", what.backend));
        group.sample_size(20);
        for size in [1, 100, 1_000] {
            group.throughput(Throughput::Elements(size.into()));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.to_async(&runtime)
                    .iter(|| async { engine.submit(WORKFLOW, inputs(size, BYTES)).await.unwrap() });
            });
        }
        group.finish();
    }
}

/// The same inputs one submit each: what a commit per run costs.
fn enqueue_singly(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for backend in Backend::ALL {
        let opened = backend.open().unwrap();
        let storage = Arc::clone(&opened.storage);
        runtime.block_on(deploy(&*storage));
        let name = storage.description().backend;
        let mut group = c.benchmark_group(format!("enqueue-singly/{name}"));
        group.sample_size(10);
        group.throughput(Throughput::Elements(100));
        group.bench_function("100", |b| {
            b.to_async(&runtime).iter(|| async {
                for _ in 0..100 {
                    storage.insert(batch(1, BYTES).unwrap()).await.unwrap();
                }
            });
        });
        group.finish();
    }
}

async fn deploy(storage: &dyn Storage) {
    let id = WorkflowId::new(WORKFLOW).unwrap();
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(id, change).await.unwrap();
}

criterion_group!(benches, enqueue, enqueue_singly);
criterion_main!(benches);
