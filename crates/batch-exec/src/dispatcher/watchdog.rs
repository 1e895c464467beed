use std::sync::{Arc, Weak};
use std::thread;

use tracing::dispatcher::{get_default, with_default};

use super::watchlist::Watchlist;

/// Starts the thread that warns of executors which block threads of the runtime. It ends soon
/// after the list is dropped, and speaks to the subscriber of the caller.
pub(super) fn keep_watch(list: &Arc<Watchlist>) {
    let (watched, subscriber) = (Arc::downgrade(list), get_default(Clone::clone));
    let watch = move || with_default(&subscriber, || watch(&watched));
    let named = thread::Builder::new().name("batchyard-watch".to_owned());
    if let Err(error) = named.spawn(watch) {
        tracing::warn!(%error, "no thread for the watchdog: executors that block their threads are not told of");
    }
}

fn watch(list: &Weak<Watchlist>) {
    while let Some(list) = list.upgrade() {
        list.look_for_blocking();
        let pace = list.pace();
        drop(list);
        thread::sleep(pace);
    }
}
