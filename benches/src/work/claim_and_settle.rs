use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use batch_core::id::WorkflowId;
use batch_core::storage::{ClaimRequest, ClaimedRun, Disposition, Settlement, Storage};

use crate::{Broken, WORKFLOW};

/// Claims so many runs in groups and settles each group as processed, without an executor.
///
/// # Errors
///
/// When the store refuses, or has fewer runs that are due.
pub async fn claim_and_settle(
    storage: &dyn Storage,
    runs: u64,
    group: NonZeroU32,
) -> Result<Duration, Broken> {
    let mut left = runs;
    let start = Instant::now();
    while left > 0 {
        let claimed = claim_group(storage, group).await?;
        left = left.saturating_sub(claimed.len() as u64);
        settle_group(storage, claimed).await?;
    }
    Ok(start.elapsed())
}

/// Claims a group; at least one run.
///
/// # Errors
///
/// When the store refuses, or no run is due.
pub async fn claim_group(
    storage: &dyn Storage,
    group: NonZeroU32,
) -> Result<Vec<ClaimedRun>, Broken> {
    let request = ClaimRequest::new(vec![WorkflowId::new(WORKFLOW)?], group);
    let runs = storage.claim(request).await?.runs;
    if runs.is_empty() {
        return Err("fewer runs are due than were asked for".into());
    }
    Ok(runs)
}

/// Settles claimed runs as processed.
///
/// # Errors
///
/// When the store refuses.
pub async fn settle_group(storage: &dyn Storage, runs: Vec<ClaimedRun>) -> Result<(), Broken> {
    let settlements = runs
        .into_iter()
        .map(|run| Settlement::new(run.claim, Disposition::Processed { output: None }));
    storage.settle(settlements.collect()).await?;
    Ok(())
}
