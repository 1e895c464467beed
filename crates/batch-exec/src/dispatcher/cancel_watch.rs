use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::journal::{Fact, Sequence};
use batch_core::storage::StorageError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::pool::Pool;

/// The journal is looked at no more often than this, however fast it grows.
const PACE: Duration = Duration::from_millis(20);
/// The most entries of one look.
const ENTRIES: NonZeroU32 = NonZeroU32::new(1_000).expect("a thousand is not zero");

/// Watches the journal for runs that were asked to stop, and calls for a heartbeat at once.
///
/// Without it an executor would hear of a cancel only with the next heartbeat.
/// An error ends the watch and nothing else: those who claim and renew report it.
pub(super) async fn watch_cancels(pool: Arc<Pool>, end: CancellationToken) {
    tokio::select! {
        biased;
        () = end.cancelled() => {}
        watched = watch(&pool) => if let Err(error) = watched {
            pool.live.missed();
            tracing::warn!(%error, "cancels are heard of at heartbeats only from now on");
        },
    }
}

async fn watch(pool: &Pool) -> Result<(), StorageError> {
    let mut seen = pool.storage.wait(Sequence::START).await?;
    // Whatever was listed while it waited may lack what it does not read.
    pool.live.missed();
    loop {
        pool.storage.wait(seen).await?;
        let page = pool.storage.journal(seen, ENTRIES).await?;
        let asked = |fact: &Fact| matches!(fact, Fact::Cancelling(_));
        if page.entries.iter().any(|entry| asked(&entry.fact)) {
            pool.beat_now.notify_one();
        }
        pool.live.heard(&page.entries);
        // What was trimmed unread is made up for by the next heartbeat, and the next survey.
        if page.trimmed > seen {
            pool.live.missed();
        }
        seen = page
            .entries
            .last()
            .map_or(page.head, |entry| entry.sequence);
        sleep(PACE).await;
    }
}
