use anyhow::{Result, anyhow};
use batch_core::batch::Batch;
use batch_core::engine::Engine;
use batch_core::id::BatchId;

/// Reads a batch that must be there.
pub(crate) async fn existing_batch(engine: &Engine, id: BatchId) -> Result<Batch> {
    let batch = engine.batch(id).await?;
    batch.ok_or_else(|| anyhow!("there is no {id} in this store"))
}
