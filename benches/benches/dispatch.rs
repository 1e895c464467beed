//! Runs on their way: claimed and settled by hand, and executed by a dispatcher.
#![allow(missing_docs, clippy::unwrap_used)]

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::{Duration, Instant};

use batch_benches::{Backend, WORKFLOW, batch, inputs};
use batch_core::engine::Engine;
use batch_core::id::WorkflowId;
use batch_core::storage::{ClaimRequest, Disposition, Settlement, Storage, WorkflowChange};
use batch_exec::dispatcher::Dispatcher;
use batch_exec::executor::{Outcome, RunContext};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const BYTES: usize = 200;
/// Runs claimed, and settled, by one call.
const GROUP: u32 = 64;
/// Runs executed at once.
const CONCURRENCY: usize = 64;

fn announce(storage: &dyn Storage, what: &str) {
    let said = storage.description();
    println!(
        "{}: durability: {}; payload: {BYTES} bytes an input; {what}",
        said.backend, said.durability
    );
}

fn claim_and_settle(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for backend in Backend::ALL {
        let opened = backend.open().unwrap();
        let storage = Arc::clone(&opened.storage);
        runtime.block_on(deploy(&*storage));
        announce(&*storage, &format!("{GROUP} runs a claim and a settle"));
        let mut group = c.benchmark_group(format!(
            "claim-and-settle/{}",
            storage.description().backend
        ));
        group.sample_size(10);
        for size in [1, 100, 1_000] {
            group.throughput(Throughput::Elements(size.into()));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.to_async(&runtime)
                    .iter_custom(|rounds| work_off(Arc::clone(&storage), size, rounds));
            });
        }
        group.finish();
    }
}

/// Time spent claiming and settling, without that of the submits.
async fn work_off(storage: Arc<dyn Storage>, size: u32, rounds: u64) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..rounds {
        storage.insert(batch(size, BYTES).unwrap()).await.unwrap();
        let start = Instant::now();
        let mut left = size as usize;
        while left > 0 {
            let limit = NonZeroU32::new(GROUP).unwrap();
            let request = ClaimRequest::new(vec![WorkflowId::new(WORKFLOW).unwrap()], limit);
            let runs = storage.claim(request).await.unwrap().runs;
            left -= runs.len();
            let settlements = runs
                .into_iter()
                .map(|run| Settlement::new(run.claim, Disposition::Processed { output: None }));
            storage.settle(settlements.collect()).await.unwrap();
        }
        spent += start.elapsed();
    }
    spent
}

fn dispatch(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for backend in Backend::ALL {
        let opened = backend.open().unwrap();
        announce(
            &*opened.storage,
            &format!("{CONCURRENCY} at once, from submit to end"),
        );
        let shared = Arc::clone(&opened.storage);
        let (engine, dispatcher) = runtime.block_on(async {
            let engine = Engine::builder().open_shared(shared).await.unwrap();
            let no_op = |_: RunContext| async { Ok(Outcome::done(())) };
            let dispatcher = Dispatcher::builder(&engine)
                .workflow(WORKFLOW, no_op)
                .concurrency(NonZeroUsize::new(CONCURRENCY).unwrap())
                .start();
            (engine.clone(), dispatcher.await.unwrap())
        });
        let mut group =
            c.benchmark_group(format!("dispatch/{}", opened.storage.description().backend));
        group.sample_size(10);
        for size in [1, 100, 1_000] {
            group.throughput(Throughput::Elements(size.into()));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.to_async(&runtime).iter(|| async {
                    let submitted = engine.submit(WORKFLOW, inputs(size, BYTES)).await.unwrap();
                    submitted.wait().await.unwrap()
                });
            });
        }
        group.finish();
        runtime.block_on(dispatcher.shutdown()).unwrap();
    }
}

async fn deploy(storage: &dyn Storage) {
    let id = WorkflowId::new(WORKFLOW).unwrap();
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(id, change).await.unwrap();
}

criterion_group!(benches, claim_and_settle, dispatch);
criterion_main!(benches);
