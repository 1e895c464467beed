//! apalis 1.0 in memory and on SQLite: one measurement a call, one line of JSON.
//!
//! Quirks: in memory it is a bare channel, and on a runtime of many threads its worker
//! stalls, so all of that runs on a current-thread runtime. On SQLite it polls every 30 s
//! unless told otherwise, hence the interval; its `setup()` turns syncing off on the one
//! connection that it is called on, so the pool is made anew after it, with
//! `synchronous = FULL` on every connection of a write-ahead log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use apalis::prelude::*;
use apalis_core::backend::ext::BackendExt;
use apalis_core::backend::memory::{MemorySink, MemoryStorage, MemoryStorageError};
use apalis_sqlite::{Config, SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteStorage};
use futures_util::lock::Mutex;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;

type Broken = Box<dyn std::error::Error + Send + Sync>;

const BYTES: usize = 300;
const BATCH: usize = 1_000;

fn main() -> Result<(), Broken> {
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let many = tokio::runtime::Runtime::new()?;
    match std::env::args().nth(1).as_deref() {
        Some("submit-memory") => one.block_on(submit_memory()),
        Some("dispatch-memory") => one.block_on(dispatch_memory()),
        Some("pickup-memory") => one.block_on(pickup_memory()),
        Some("submit-durable") => many.block_on(submit_sqlite()),
        Some("dispatch-durable") => many.block_on(dispatch_sqlite()),
        _ => Err("submit-memory, dispatch-memory, pickup-memory, submit-durable or dispatch-durable".into()),
    }
}

fn payloads(count: usize) -> Vec<String> {
    (0..count).map(|_| "x".repeat(BYTES)).collect()
}

async fn submit_memory() -> Result<(), Broken> {
    const BATCHES: usize = 400;
    let mut store = MemoryStorage::new();
    let made: Vec<_> = (0..BATCHES).map(|_| payloads(BATCH)).collect();
    let start = Instant::now();
    for batch in made {
        store.push_bulk(batch).await?;
    }
    say("apalis memory bulk", BATCHES * BATCH, start.elapsed());
    Ok(())
}

async fn dispatch_memory() -> Result<(), Broken> {
    const RUNS: u64 = 400_000;
    let mut store = MemoryStorage::new();
    for _ in 0..RUNS as usize / BATCH {
        store.push_bulk(payloads(BATCH)).await?;
    }
    let seen = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&seen);
    let no_op = move |_: String, worker: WorkerContext| {
        let seen = Arc::clone(&counted);
        async move {
            if seen.fetch_add(1, Ordering::Relaxed) + 1 == RUNS {
                worker.stop()?;
            }
            Ok::<(), BoxDynError>(())
        }
    };
    let start = Instant::now();
    WorkerBuilder::new("bench").backend(store).build(no_op).run().await?;
    let took = start.elapsed();
    say("apalis memory (bare channel)", RUNS as usize, took);
    Ok(())
}

async fn pickup_memory() -> Result<(), Broken> {
    const RUNS: usize = 300;
    let (sender, receiver) = futures_channel::mpsc::unbounded();
    let sink = Box::new(sender.sink_map_err(|e| MemoryStorageError::Other(e.into())));
    let sink = MemorySink::new(Arc::new(Mutex::new(sink as _)));
    let mut pushing = MemoryStorage::new_with(sink.clone(), futures_util::stream::pending().boxed());
    let store = MemoryStorage::new_with(sink, receiver.boxed());
    let (sender, mut begun) = mpsc::unbounded_channel();
    let handler = move |_: String| {
        let _ = sender.send(Instant::now());
        async { Ok::<(), BoxDynError>(()) }
    };
    let worker = WorkerBuilder::new("bench").backend(store).build(handler);
    let measuring = async {
        let mut took = Vec::new();
        for _ in 0..RUNS {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let payload = "x".repeat(BYTES);
            let called = Instant::now();
            pushing.push(payload).await?;
            let at = begun.recv().await.ok_or("the worker has stopped")?;
            took.push(at.saturating_duration_since(called));
        }
        Ok::<_, Broken>(took)
    };
    let mut took = tokio::select! {
        took = measuring => took?,
        _ = worker.run() => return Err("the worker has stopped".into()),
    };
    took.sort_unstable();
    let median = took[RUNS / 2].as_secs_f64() * 1e6;
    println!(
        "{}",
        serde_json::json!({ "subject": "apalis memory, current-thread", "value": median })
    );
    Ok(())
}

async fn pool(directory: &std::path::Path) -> Result<SqlitePool, Broken> {
    use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
    let options = SqliteConnectOptions::new()
        .filename(directory.join("queue.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30));
    let setup = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    SqliteStorage::setup(&setup).await?;
    setup.close().await;
    Ok(SqlitePoolOptions::new().max_connections(4).connect_with(options).await?)
}

fn config() -> Config {
    Config::default().queue("bench").batch_size(500)
}

async fn submit_sqlite() -> Result<(), Broken> {
    const BATCHES: usize = 12;
    let directory = tempfile::tempdir()?;
    let pool = pool(directory.path()).await?;
    let mut store = SqliteStorage::<String>::new(&pool).with_config(config());
    let made: Vec<_> = (0..BATCHES).map(|_| payloads(BATCH)).collect();
    let start = Instant::now();
    for batch in made {
        store.push_bulk(batch).await?;
    }
    say("apalis-sqlite bulk", BATCHES * BATCH, start.elapsed());
    Ok(())
}

async fn dispatch_sqlite() -> Result<(), Broken> {
    const RUNS: u64 = 2_000;
    let directory = tempfile::tempdir()?;
    let pool = pool(directory.path()).await?;
    let mut store = SqliteStorage::<String>::new(&pool).with_config(config());
    for _ in 0..RUNS as usize / BATCH {
        store.push_bulk(payloads(BATCH)).await?;
    }
    let seen = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&seen);
    let no_op = move |_: String| {
        let seen = Arc::clone(&counted);
        async move {
            seen.fetch_add(1, Ordering::Relaxed);
            Ok::<(), BoxDynError>(())
        }
    };
    let start = Instant::now();
    let backend = store.poll_with_interval(Duration::from_millis(5));
    let worker = WorkerBuilder::new("bench").backend(backend).build(no_op);
    let ended = async {
        loop {
            let count = "SELECT COUNT(*) FROM Jobs WHERE status = 'Done'";
            let done: i64 = sqlx::query_scalar(count).fetch_one(&pool).await?;
            if done as u64 >= RUNS {
                return Ok::<_, Broken>(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        done = ended => done?,
        _ = worker.run() => return Err("the worker has stopped".into()),
    }
    say("apalis-sqlite", RUNS as usize, start.elapsed());
    Ok(())
}

fn say(subject: &str, runs: usize, took: Duration) {
    let per_second = runs as f64 / took.as_secs_f64();
    println!("{}", serde_json::json!({ "subject": subject, "value": per_second }));
}
