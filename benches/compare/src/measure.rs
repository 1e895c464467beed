use std::time::Duration;

use batch_benches::limit::{self, Syncing};
use batch_benches::work::{self, Dispatching, Submitting};
use batch_benches::{Backend, Broken, Load};
use tokio::runtime::Builder;

use crate::raw_sled::raw_sled;

const BATCH: Load = Load {
    inputs: 1_000,
    bytes: 300,
    submitters: 4,
};
const ONE_SUBMITTER: Load = Load {
    submitters: 1,
    ..BATCH
};
const SINGLE: Load = Load { inputs: 1, ..BATCH };
const SUBMITTED: u64 = 400;
/// Batches that wait together, each of a submission of its own.
const FEW: usize = 10;

/// One round of one subject: prints its figure as a line of JSON.
pub(crate) async fn measure(row: &str, subject: &str) -> Result<(), Broken> {
    let value = match row {
        "submit-durable" => submit_durable(subject).await?,
        "dispatch-durable" => dispatch_durable(subject).await?,
        "submit-memory" => submit_memory(subject).await?,
        "dispatch-memory" => dispatch_memory(subject).await?,
        "pickup" => pickup(subject).await?,
        other => return Err(format!("no row {other}").into()),
    };
    println!(
        "{}",
        serde_json::json!({ "subject": subject, "value": value })
    );
    Ok(())
}

fn rate(runs: u64, took: Duration) -> f64 {
    runs as f64 / took.as_secs_f64()
}

async fn submit_durable(subject: &str) -> Result<f64, Broken> {
    let directory = tempfile::tempdir()?;
    let block = vec![b'x'; BATCH.batch_bytes()];
    let runs = SUBMITTED * u64::from(BATCH.inputs);
    let took = match subject {
        "append" => limit::append(directory.path(), &block, SUBMITTED, Syncing::Each)?
            .into_iter()
            .sum(),
        "grouped" => {
            limit::grouped_append(directory.path(), &block, SUBMITTED, BATCH.submitters).await?
        }
        "raw-sled" => raw_sled(directory.path(), block.len(), SUBMITTED, Duration::ZERO)?
            .into_iter()
            .sum(),
        "sled-singly" | "redb-singly" | "log-singly" => {
            let backend: Backend = subject.trim_end_matches("-singly").parse()?;
            let subject = backend.subject();
            let load = Load {
                submitters: 1,
                ..SINGLE
            };
            let took = Submitting::new(&subject, load).run(SUBMITTED).await?;
            return Ok(rate(SUBMITTED, took));
        }
        backend => {
            let subject = backend.parse::<Backend>()?.subject();
            Submitting::new(&subject, BATCH).run(SUBMITTED).await?
        }
    };
    Ok(rate(runs, took))
}

async fn dispatch_durable(subject: &str) -> Result<f64, Broken> {
    if let Some(backend) = subject.strip_suffix("-singly") {
        let load = Load {
            inputs: 300,
            ..BATCH
        };
        return dispatch(backend.parse()?, load, 1, 1, Dispatching::SINGLY).await;
    }
    match subject.strip_suffix("-wide") {
        Some(backend) => dispatch(backend.parse()?, BATCH, FEW, 4, Dispatching::WIDE).await,
        None => dispatch(subject.parse()?, BATCH, FEW, 2, Dispatching::FAIR).await,
    }
}

/// So many batches wait at a time, and all of it as often as asked for.
async fn dispatch(
    backend: Backend,
    load: Load,
    batches: usize,
    times: u64,
    how: Dispatching,
) -> Result<f64, Broken> {
    let opened = backend.subject().open().await?;
    let mut took = Duration::ZERO;
    for _ in 0..times {
        let (ids, _) = work::fill(&opened, load, batches).await?;
        took += work::dispatch(&opened.engine, &ids, how).await?;
    }
    Ok(rate(times * batches as u64 * u64::from(load.inputs), took))
}

async fn submit_memory(subject: &str) -> Result<f64, Broken> {
    let load = match subject {
        "memcpy" => {
            let block = vec![b'x'; BATCH.batch_bytes()];
            let took = limit::memcpy(&block, 10_000);
            return Ok(rate(10_000 * u64::from(BATCH.inputs), took));
        }
        "channel" => return channel().await,
        "memory-4" => BATCH,
        _ => ONE_SUBMITTER,
    };
    let subject = Backend::Memory.subject();
    let batches = 2 * SUBMITTED;
    let took = Submitting::new(&subject, load).run(batches).await?;
    Ok(rate(batches * u64::from(load.inputs), took))
}

async fn channel() -> Result<f64, Broken> {
    let items = 400_000;
    Ok(rate(items, limit::channel(BATCH.bytes, items).await?))
}

async fn dispatch_memory(subject: &str) -> Result<f64, Broken> {
    match subject {
        "channel" => channel().await,
        "memory-200" => dispatch(Backend::Memory, BATCH, 200, 1, Dispatching::WIDE).await,
        "memory-wide" => dispatch(Backend::Memory, BATCH, FEW, 20, Dispatching::WIDE).await,
        _ => dispatch(Backend::Memory, BATCH, FEW, 10, Dispatching::FAIR).await,
    }
}

async fn pickup(subject: &str) -> Result<f64, Broken> {
    const RUNS: u64 = 300;
    let mut took: Vec<Duration> = match subject {
        "sync" => {
            let directory = tempfile::tempdir()?;
            let block = vec![b'x'; BATCH.bytes];
            limit::append(directory.path(), &block, RUNS, Syncing::Each)?
        }
        "raw-sled" => {
            let directory = tempfile::tempdir()?;
            raw_sled(directory.path(), BATCH.bytes, RUNS, work::IDLE)?
        }
        "memory-current" => on_one_thread(pickups(Backend::Memory, RUNS))?,
        backend => pickups(backend.parse()?, RUNS).await?,
    };
    took.sort_unstable();
    Ok(took[took.len() / 2].as_secs_f64() * 1e6)
}

async fn pickups(backend: Backend, runs: u64) -> Result<Vec<Duration>, Broken> {
    let opened = backend.subject().open().await?;
    let found = work::pickup(&opened, runs, BATCH.bytes).await?;
    Ok(found.into_iter().map(|pickup| pickup.since_call).collect())
}

/// Does something on a runtime of its own that has one thread, while this one waits.
fn on_one_thread<T: Send>(
    work: impl Future<Output = Result<T, Broken>> + Send,
) -> Result<T, Broken> {
    let work = || {
        Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(work)
    };
    std::thread::scope(|scope| scope.spawn(work).join()).map_err(|_| "the work panicked")?
}
