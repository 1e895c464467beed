use std::time::{Duration, Instant};

use batch_core::id::{BatchId, RunId};
use batch_core::ordinal::Ordinal;
use batch_core::storage::{BatchQuery, RunQuery, Storage};

use crate::Broken;

/// A large prime: its multiples visit batches and runs in no order, the same each time.
const STRIDE: u64 = 1_000_003;

fn pick(batches: &[BatchId], n: u64) -> BatchId {
    let at = n.wrapping_mul(STRIDE) % batches.len() as u64;
    batches[usize::try_from(at).unwrap_or(0)]
}

/// Reads so many runs, one at a time, from all over the batches of 1,000.
///
/// `from` is how many were read before, so that the next ones are others.
///
/// # Errors
///
/// When one cannot be read or is not there.
pub async fn get_run(
    storage: &dyn Storage,
    batches: &[BatchId],
    from: u64,
    times: u64,
) -> Result<Duration, Broken> {
    let start = Instant::now();
    for n in from..from + times {
        let ordinal = u32::try_from(n.wrapping_mul(STRIDE) / 7 % 1_000)?;
        let id = RunId::new(pick(batches, n), Ordinal::new(ordinal));
        storage.run(id).await?.ok_or("a run is not there")?;
    }
    Ok(start.elapsed())
}

/// Reads so many batches, one at a time.
///
/// # Errors
///
/// When one cannot be read or is not there.
pub async fn get_batch(
    storage: &dyn Storage,
    batches: &[BatchId],
    times: u64,
) -> Result<Duration, Broken> {
    let start = Instant::now();
    for n in 0..times {
        let found = storage.batch(pick(batches, n)).await?;
        found.ok_or("a batch is not there")?;
    }
    Ok(start.elapsed())
}

/// Lists so many pages of 100 runs, one after the other, through all batches.
///
/// # Errors
///
/// When a page cannot be read.
pub async fn list_runs(storage: &dyn Storage, pages: u64) -> Result<Duration, Broken> {
    let mut query = RunQuery::default();
    let start = Instant::now();
    for _ in 0..pages {
        query.page.token = storage.runs(query.clone()).await?.next;
    }
    Ok(start.elapsed())
}

/// Lists so many pages of 100 batches, one after the other.
///
/// # Errors
///
/// When a page cannot be read.
pub async fn list_batches(storage: &dyn Storage, pages: u64) -> Result<Duration, Broken> {
    let mut query = BatchQuery::default();
    let start = Instant::now();
    for _ in 0..pages {
        query.page.token = storage.batches(query.clone()).await?.next;
    }
    Ok(start.elapsed())
}
