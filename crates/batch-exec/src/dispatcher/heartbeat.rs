use std::sync::Arc;

use batch_core::storage::StorageError;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::pool::Pool;
use crate::error_chain::ErrorChain;

/// Renews the claims that are held, hears which runs are to be cancelled, and
/// takes the claims of executors that block their thread.
///
/// A task of its own, so that neither a slow executor nor a slow settle lets a
/// claim run out.
pub(super) async fn beat(pool: Arc<Pool>, end: CancellationToken) {
    let every = pool.options.heartbeat_every();
    loop {
        tokio::select! {
            biased;
            () = end.cancelled() => return,
            () = sleep(every) => {}
            () = pool.beat_now.notified() => {}
        }
        fence_off_blocked(&pool);
        pool.watchlist.look_for_long(Instant::now());
        match renew(&pool).await {
            Ok(()) => {}
            Err(error) if error.is_retryable() => {
                tracing::warn!(error = %ErrorChain(&error), "could not renew claims, trying again");
            }
            Err(error) => return pool.fail("renew claims", error),
        }
    }
}

/// Renews all claims and acts on the replies.
pub(super) async fn renew(pool: &Pool) -> Result<(), StorageError> {
    let keys = pool.held.keys();
    if keys.is_empty() {
        return Ok(());
    }
    let lease = pool.options.lease;
    let renewals = pool.storage.renew(keys.clone(), lease).await?;
    let unstarted = keys
        .iter()
        .zip(renewals)
        .filter_map(|(key, renewal)| pool.held.renewed(key.token, renewal))
        .collect();
    pool.give_back(unstarted);
    Ok(())
}

/// Ends the attempts of executors that did not even come back to be dropped.
fn fence_off_blocked(pool: &Pool) {
    for ending in pool.take_overdue(Instant::now()) {
        let run = ending.key().run;
        tracing::error!(%run, "an executor blocks its thread; its worker is lost until it returns");
        pool.endings.push(ending);
    }
}
