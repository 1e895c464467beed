//! The limit, validation, and each backend: `cargo bench -p batch-benches -- submit/sled`.
#![allow(missing_docs)]

use std::time::Duration;

use batch_benches::{Backend, bench_limits, bench_rules, bench_storage};
use criterion::{Criterion, criterion_group, criterion_main};

fn storages(criterion: &mut Criterion) {
    bench_limits(criterion);
    bench_rules(criterion);
    for backend in Backend::ALL {
        bench_storage(criterion, &backend.subject());
    }
}

/// Short, so that all of it ends in minutes; the command line overrides it.
fn settings() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
}

criterion_group!(name = benches; config = settings(); targets = storages);
criterion_main!(benches);
