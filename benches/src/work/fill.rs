use std::sync::Arc;
use std::time::{Duration, Instant};

use batch_core::batch::Extent;
use batch_core::id::{BatchId, SubmissionId};

use crate::{Broken, Load, Opened, batch};

/// Stores so many batches, `load.submitters` at a time, and gives their ids and the time.
///
/// # Errors
///
/// When a batch is refused.
pub async fn fill(
    opened: &Opened,
    load: Load,
    batches: usize,
) -> Result<(Vec<BatchId>, Duration), Broken> {
    let mut ids = Vec::with_capacity(batches);
    let mut spent = Duration::ZERO;
    while ids.len() < batches {
        let many = load.submitters.min(batches - ids.len());
        let mut made = Vec::with_capacity(many);
        for _ in 0..many {
            made.push(batch(load.inputs, load.bytes)?);
        }
        ids.extend(made.iter().map(|batch| batch.id));
        let start = Instant::now();
        let tasks: Vec<_> = made
            .into_iter()
            .map(|batch| {
                let storage = Arc::clone(opened.storage());
                tokio::spawn(async move { storage.insert(batch).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        spent += start.elapsed();
    }
    Ok((ids, spent))
}

/// Stores so many batches as the parts of one submission, one after the other.
///
/// # Errors
///
/// When a batch is refused.
pub async fn fill_one_submission(
    opened: &Opened,
    load: Load,
    batches: u32,
) -> Result<Vec<BatchId>, Broken> {
    let mut ids = Vec::new();
    for part in 0..batches {
        let mut made = batch(load.inputs, load.bytes)?;
        let first = *ids.first().unwrap_or(&made.id);
        made.submission = SubmissionId::of_first_batch(first);
        made.part = part;
        made.extent = match part + 1 == batches {
            true => Extent::Complete,
            false => Extent::Open,
        };
        ids.push(made.id);
        opened.storage().insert(made).await?;
    }
    Ok(ids)
}
