use std::time::Duration;

use batch_core::id::BatchId;

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
        let start = std::time::Instant::now();
        let tasks: Vec<_> = made
            .into_iter()
            .map(|batch| {
                let storage = std::sync::Arc::clone(opened.storage());
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
