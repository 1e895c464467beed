//! effectum 0.7 on SQLite: one measurement a call, one line of JSON.
//!
//! Quirks: it asks for the pragma `journal`, which SQLite does not have, so it runs with a
//! rollback journal and not with a write-ahead log; `synchronous` is NORMAL, which syncs a
//! commit in that mode. All writes go through one thread, which puts what waits into one
//! transaction. A worker hands out at most `max_concurrency` jobs and fetches again below
//! `min_concurrency`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use effectum::{Job, JobRunner, Queue, RunningJob, Worker};

type Broken = Box<dyn std::error::Error + Send + Sync>;

const BYTES: usize = 300;
const BATCH: usize = 1_000;
const SUBMITTERS: usize = 4;
const SUBMITTED: usize = 240;
const DISPATCHED: usize = 20_000;

#[tokio::main]
async fn main() -> Result<(), Broken> {
    let directory = tempfile::tempdir()?;
    let queue = Arc::new(Queue::new(&directory.path().join("queue.db")).await?);
    match std::env::args().nth(1).as_deref() {
        Some("submit-durable") => submit(queue).await,
        Some("dispatch-durable") => dispatch(&queue).await,
        _ => Err("submit-durable or dispatch-durable".into()),
    }
}

fn jobs(count: usize) -> Vec<Job> {
    let job = |_| Job::builder("bench").payload(vec![b'x'; BYTES]).build();
    (0..count).map(job).collect()
}

async fn submit(queue: Arc<Queue>) -> Result<(), Broken> {
    let shares: Vec<Vec<Vec<Job>>> = (0..SUBMITTERS)
        .map(|_| (0..SUBMITTED / SUBMITTERS).map(|_| jobs(BATCH)).collect())
        .collect();
    let start = Instant::now();
    let tasks: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                for batch in share {
                    queue.add_jobs(batch).await?;
                }
                Ok::<(), Broken>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    say("effectum bulk (SQLite)", SUBMITTED * BATCH, start.elapsed());
    Ok(())
}

async fn dispatch(queue: &Queue) -> Result<(), Broken> {
    for _ in 0..DISPATCHED / BATCH {
        queue.add_jobs(jobs(BATCH)).await?;
    }
    let seen = Arc::new(AtomicU64::new(0));
    let runner = JobRunner::builder("bench", |_: RunningJob, seen: Arc<AtomicU64>| async move {
        seen.fetch_add(1, Ordering::Relaxed);
        Ok::<(), String>(())
    });
    let start = Instant::now();
    let worker = Worker::builder(queue, Arc::clone(&seen))
        .jobs(vec![runner.build()])
        .min_concurrency(512)
        .max_concurrency(1_024)
        .build()
        .await?;
    while seen.load(Ordering::Relaxed) < DISPATCHED as u64 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    loop {
        let active = queue.num_active_jobs().await?;
        if active.pending + active.running == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    say("effectum (SQLite)", DISPATCHED, start.elapsed());
    worker.unregister(None).await?;
    Ok(())
}

fn say(subject: &str, runs: usize, took: Duration) {
    let per_second = runs as f64 / took.as_secs_f64();
    println!("{}", serde_json::json!({ "subject": subject, "value": per_second }));
}
