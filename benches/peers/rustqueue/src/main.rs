//! rustqueue 0.3 on redb: one measurement a call, one line of JSON.
//!
//! Quirks: its own worker takes one job after the other and polls every 500 ms when it
//! finds none, so this loop pulls and acks batches by hand, which its queue manager can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustqueue::QueueManager;
use rustqueue::engine::queue::{BatchAckItem, BatchPushItem};
use rustqueue::storage::RedbStorage;

type Broken = Box<dyn std::error::Error + Send + Sync>;

const BYTES: usize = 300;
const BATCH: usize = 1_000;
const SUBMITTED: usize = 20;
const DISPATCHED: usize = 10_000;
/// Jobs pulled, and acked, by one call.
const GROUP: u32 = 256;

#[tokio::main]
async fn main() -> Result<(), Broken> {
    let directory = tempfile::tempdir()?;
    let storage = RedbStorage::new(directory.path().join("queue.redb"))?;
    let queue = Arc::new(QueueManager::new(Arc::new(storage)));
    match std::env::args().nth(1).as_deref() {
        Some("submit-durable") => {
            let batches: Vec<_> = (0..SUBMITTED).map(|_| batch()).collect();
            let start = Instant::now();
            for batch in batches {
                queue.push_batch("bench", batch).await?;
            }
            say("rustqueue (redb)", SUBMITTED * BATCH, start.elapsed());
        }
        Some("dispatch-durable") => dispatch(&queue).await?,
        _ => return Err("submit-durable or dispatch-durable".into()),
    }
    Ok(())
}

fn batch() -> Vec<BatchPushItem> {
    let item = |_| BatchPushItem {
        name: "no-op".into(),
        data: serde_json::json!("x".repeat(BYTES)),
        options: None,
    };
    (0..BATCH).map(item).collect()
}

async fn dispatch(queue: &QueueManager) -> Result<(), Broken> {
    for _ in 0..DISPATCHED / BATCH {
        queue.push_batch("bench", batch()).await?;
    }
    let mut left = DISPATCHED;
    let start = Instant::now();
    while left > 0 {
        let jobs = queue.pull("bench", GROUP).await?;
        left -= jobs.len();
        let ack = |job: rustqueue::Job| BatchAckItem {
            id: job.id,
            result: None,
        };
        queue.ack_batch(jobs.into_iter().map(ack).collect()).await?;
    }
    say("rustqueue (redb, batch loop)", DISPATCHED, start.elapsed());
    Ok(())
}

fn say(subject: &str, runs: usize, took: Duration) {
    let per_second = runs as f64 / took.as_secs_f64();
    println!("{}", serde_json::json!({ "subject": subject, "value": per_second }));
}
