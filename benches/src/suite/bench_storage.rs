use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use criterion::Criterion;
use tokio::runtime::Runtime;

use super::large_store::LargeStore;
use super::rows::{Lazy, Rows};
use crate::work::{self, Dispatching, Submitting};
use crate::{Load, Subject};

/// Runs claimed, and settled, by one call.
const GROUP: NonZeroU32 = NonZeroU32::new(64).expect("64 is not zero");
/// Entries in a page of the journal.
const PAGE: NonZeroU32 = NonZeroU32::new(100).expect("100 is not zero");
/// What is stored where the row does not say otherwise.
const BATCH: Load = Load {
    inputs: 1_000,
    bytes: 200,
    submitters: 1,
};
/// The same in batches of one: a commit for each run.
const SINGLE: Load = Load { inputs: 1, ..BATCH };

/// Measures all that a storage does, on stores of its own: for authors of backends.
///
/// Prints the durability, the bytes of an input and who works at the same time. Beside
/// what is done in groups there is a row of the same with a commit for each run, named
/// `singly`. A filter, as in `cargo bench -- submit/sled`, leaves out what a row needs
/// along with the row.
///
/// # Panics
///
/// When the storage refuses something or the runtime cannot be made.
pub fn bench_storage(criterion: &mut Criterion, subject: &Subject) {
    let runtime = Runtime::new().expect("the machine has a runtime to give");
    announce(&runtime, subject);
    submit(criterion, &runtime, subject);
    claim_and_settle(criterion, &runtime, subject);
    dispatch(criterion, &runtime, subject);
    pickup(criterion, &runtime, subject);
    cancel(criterion, &runtime, subject);
    events(criterion, &runtime, subject);
    large(criterion, &runtime, subject);
}

fn announce(runtime: &Runtime, subject: &Subject) {
    let opened = runtime.block_on(subject.open());
    let opened = opened.expect("the storage can be opened");
    let said = opened.storage().description();
    println!(
        "\n{}: durability: {}; payload: {} bytes an input where the row says nothing else; \
         concurrency: as the row says, else one caller at a time; dispatch: fair is {}, wide is {}",
        subject.name(),
        said.durability,
        BATCH.bytes,
        Dispatching::FAIR,
        Dispatching::WIDE,
    );
}

fn submit(criterion: &mut Criterion, runtime: &Runtime, subject: &Subject) {
    let mut rows = Rows::new(criterion, runtime, &format!("submit/{}", subject.name()));
    for submitters in [1, 4, 32] {
        for bytes in [200, 4_096] {
            for inputs in [1, 100, 1_000] {
                let load = Load {
                    inputs,
                    bytes,
                    submitters,
                };
                let mut submitting = Submitting::new(subject, load);
                rows.row(&load.to_string(), inputs.into(), async |n| {
                    submitting.run(n).await
                });
            }
        }
    }
    let mut submitting = Submitting::new(subject, SINGLE);
    rows.row("1000x200B/1-submitters/singly", 1_000, async |n| {
        submitting.run(n * 1_000).await
    });
    let mut store = Lazy::new(subject);
    rows.row("fan-out/1000x200B", 1_000, async |n| {
        let opened = store.get().await?;
        let mut spent = Duration::ZERO;
        for _ in 0..n {
            spent += work::submit_checked(opened, BATCH).await?;
        }
        Ok(spent)
    });
}

fn claim_and_settle(criterion: &mut Criterion, runtime: &Runtime, subject: &Subject) {
    let name = format!("claim-and-settle/{}", subject.name());
    let mut rows = Rows::new(criterion, runtime, &name);
    let mut store = Lazy::new(subject);
    for (name, group) in [("in-64s", GROUP), ("singly", NonZeroU32::MIN)] {
        rows.row(name, 1_000, async |n| {
            let opened = store.get().await?;
            let mut spent = Duration::ZERO;
            for _ in 0..n {
                work::submit_checked(opened, BATCH).await?;
                spent += work::claim_and_settle(&**opened.storage(), 1_000, group).await?;
            }
            Ok(spent)
        });
    }
}

fn dispatch(criterion: &mut Criterion, runtime: &Runtime, subject: &Subject) {
    let name = format!("dispatch/{}", subject.name());
    let mut rows = Rows::new(criterion, runtime, &name);
    let mut store = Lazy::new(subject);
    let four = Load {
        submitters: 4,
        ..BATCH
    };
    let hundred = Load {
        inputs: 100,
        ..BATCH
    };
    let each = [
        ("4000/fair", four, 4, Dispatching::FAIR),
        ("4000/wide", four, 4, Dispatching::WIDE),
        ("100/singly", hundred, 1, Dispatching::SINGLY),
    ];
    for (name, load, batches, how) in each {
        rows.row(name, u64::from(load.inputs) * batches, async |n| {
            let opened = store.get().await?;
            let mut spent = Duration::ZERO;
            for _ in 0..n {
                let batches = usize::try_from(batches)?;
                let (ids, _) = work::fill(opened, load, batches).await?;
                spent += work::dispatch(&opened.engine, &ids, how).await?;
            }
            Ok(spent)
        });
    }
}

fn pickup(criterion: &mut Criterion, runtime: &Runtime, subject: &Subject) {
    let name = format!("pickup/{}", subject.name());
    let mut rows = Rows::new(criterion, runtime, &name);
    let mut store = Lazy::new(subject);
    let since = [
        (
            "since-submit-called",
            (|p| p.since_call) as fn(work::Pickup) -> Duration,
        ),
        ("since-submit-returned", |p| p.since_return),
    ];
    for (name, since) in since {
        rows.row(name, 1, async |n| {
            let found = work::pickup(store.get().await?, n, BATCH.bytes).await?;
            Ok(found.into_iter().map(since).sum())
        });
    }
}

fn cancel(criterion: &mut Criterion, runtime: &Runtime, subject: &Subject) {
    let name = format!("cancel/{}", subject.name());
    let mut rows = Rows::new(criterion, runtime, &name);
    let mut store = Lazy::new(subject);
    rows.row("batch-of-1000", 1_000, async |n| {
        work::cancel(store.get().await?, BATCH, n).await
    });
    rows.row("1000-batches-of-1/singly", 1_000, async |n| {
        work::cancel(store.get().await?, SINGLE, n * 1_000).await
    });
}

/// The journal of 4,000 runs, claimed and settled in 64s, and a sink of their events.
fn events(criterion: &mut Criterion, runtime: &Runtime, subject: &Subject) {
    let name = format!("events/{}", subject.name());
    let mut rows = Rows::new(criterion, runtime, &name);
    rows.row("sink/4000-runs", 8_000, async |n| {
        let mut spent = Duration::ZERO;
        for _ in 0..n {
            let opened = subject.open().await?;
            work::fill(&opened, BATCH, 4).await?;
            work::claim_and_settle(&**opened.storage(), 4_000, GROUP).await?;
            // Each run begins and ends; events of the batches come on top.
            spent += work::sink(&opened, "sink".to_owned(), 8_000).await?;
        }
        Ok(spent)
    });
    let mut singly = Lazy::new(subject);
    rows.row("journal/1000-entries-in-100s", 1_000, async |n| {
        let opened = singly.get().await?;
        if work::journal(&**opened.storage(), PAGE).await?.1 < 1_000 {
            work::fill(opened, SINGLE, 1_000).await?;
        }
        let mut spent = Duration::ZERO;
        for _ in 0..n {
            let (took, entries) = work::journal(&**opened.storage(), PAGE).await?;
            spent += took.mul_f64(1_000.0 / entries as f64);
        }
        Ok(spent)
    });
}

/// Reads, and opening, with a million runs in the store.
fn large(criterion: &mut Criterion, runtime: &Runtime, subject: &Subject) {
    let name = format!("million/{}", subject.name());
    let mut rows = Rows::new(criterion, runtime, &name);
    let mut store = LargeStore::new(subject);
    rows.row("get-run", 1, async |n| {
        let filled = store.get().await?;
        work::get_run(&**filled.opened.storage(), &filled.batches, 0, n).await
    });
    rows.row("get-batch", 1, async |n| {
        let filled = store.get().await?;
        work::get_batch(&**filled.opened.storage(), &filled.batches, n).await
    });
    rows.row("list-100-runs", 100, async |n| {
        work::list_runs(&**store.get().await?.opened.storage(), n).await
    });
    rows.row("list-100-batches", 100, async |n| {
        work::list_batches(&**store.get().await?.opened.storage(), n).await
    });
    if subject.is_durable() {
        rows.row("reopen", 1, async |n| {
            let mut spent = Duration::ZERO;
            for _ in 0..n {
                let mut filled = store.take().await?;
                let start = Instant::now();
                filled.opened = subject.reopen(filled.opened).await?;
                spent += start.elapsed();
                store.put_back(filled);
            }
            Ok(spent)
        });
    }
}
