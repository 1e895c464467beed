use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use tokio::runtime::Runtime;

use crate::{Broken, Opened, Subject};

/// One group of rows, and the runtime that they run on.
pub(super) struct Rows<'a> {
    group: BenchmarkGroup<'a, WallTime>,
    runtime: &'a Runtime,
}

impl<'a> Rows<'a> {
    pub(super) fn new(criterion: &'a mut Criterion, runtime: &'a Runtime, name: &str) -> Self {
        let group = criterion.benchmark_group(name);
        Self { group, runtime }
    }

    /// A row of work that is done `n` times and says what that took.
    ///
    /// Nothing is made before the row is measured, so that one that is filtered out costs nothing.
    pub(super) fn row(
        &mut self,
        name: &str,
        elements: u64,
        mut work: impl AsyncFnMut(u64) -> Result<Duration, Broken>,
    ) {
        let runtime = self.runtime;
        self.group.throughput(Throughput::Elements(elements));
        self.group.bench_function(name, |b| {
            b.iter_custom(|n| runtime.block_on(work(n)).expect("what is measured works"));
        });
    }
}

/// A store that is made when it is first asked for.
pub(super) struct Lazy<'a> {
    subject: &'a Subject,
    opened: Option<Opened>,
}

impl<'a> Lazy<'a> {
    pub(super) const fn new(subject: &'a Subject) -> Self {
        let opened = None;
        Self { subject, opened }
    }

    pub(super) async fn get(&mut self) -> Result<&Opened, Broken> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.subject.open().await?,
        };
        Ok(self.opened.insert(opened))
    }
}
