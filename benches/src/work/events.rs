use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use batch_core::journal::{Event, Sequence};
use batch_core::storage::{SinkStart, Storage};
use batch_exec::dispatcher::Dispatcher;
use tokio::sync::Notify;

use crate::{Broken, Opened};

/// Reads the whole journal in pages; gives the time and how many entries there were.
///
/// # Errors
///
/// When a page cannot be read.
pub async fn journal(storage: &dyn Storage, page: NonZeroU32) -> Result<(Duration, u64), Broken> {
    let mut after = Sequence::START;
    let mut entries = 0;
    let start = Instant::now();
    loop {
        let read = storage.journal(after, page).await?;
        let Some(last) = read.entries.last() else {
            return Ok((start.elapsed(), entries));
        };
        after = last.sequence;
        entries += read.entries.len() as u64;
    }
}

/// Delivers events to a new sink from the beginning until it has seen so many.
///
/// # Errors
///
/// When the store refuses.
pub async fn sink(opened: &Opened, name: String, events: u64) -> Result<Duration, Broken> {
    let seen = Arc::new(AtomicU64::new(0));
    let done = Arc::new(Notify::new());
    let counting = {
        let (seen, done) = (Arc::clone(&seen), Arc::clone(&done));
        move |_: &Event| {
            if seen.fetch_add(1, Ordering::Relaxed) + 1 == events {
                done.notify_one();
            }
        }
    };
    let start = Instant::now();
    let dispatcher = Dispatcher::builder(&opened.engine)
        .sink(name, SinkStart::Beginning, counting)
        .start()
        .await?;
    done.notified().await;
    let spent = start.elapsed();
    dispatcher.shutdown().await?;
    Ok(spent)
}
