use std::time::{Duration, Instant};

use batch_core::storage::CancelTarget;

use crate::{Broken, Load, Opened, batch};

/// Cancels so many waiting batches, which are stored before, outside of the time.
///
/// # Errors
///
/// When the store refuses.
pub async fn cancel(opened: &Opened, load: Load, batches: u64) -> Result<Duration, Broken> {
    let mut spent = Duration::ZERO;
    for _ in 0..batches {
        let made = batch(load.inputs, load.bytes)?;
        let id = made.id;
        opened.storage().insert(made).await?;
        let start = Instant::now();
        opened.storage().cancel(CancelTarget::Batch(id)).await?;
        spent += start.elapsed();
    }
    Ok(spent)
}
