use std::mem::swap;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::ending::Ending;

/// Attempts that ended and are not yet recorded.
///
/// Never more than one for each run that is held, so it needs no bound of its own.
#[derive(Debug, Default)]
pub(super) struct Endings {
    list: Mutex<List>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct List {
    endings: Vec<Ending>,
    is_closed: bool,
}

impl Endings {
    /// Adds one. Where nobody records any more that is only said.
    pub(super) fn push(&self, ending: Ending) {
        let mut list = self.list.lock();
        if list.is_closed {
            drop(list);
            let run = ending.key().run;
            return tracing::warn!(%run, "the run ended after the dispatcher, and is not recorded");
        }
        list.endings.push(ending);
        let is_first = list.endings.len() == 1;
        drop(list);
        if is_first {
            self.arrived.notify_one();
        }
    }

    /// Waits for endings and moves all that there are to `group`, which is empty; none are there
    /// once it is closed. For one taker only.
    pub(super) async fn next(&self, group: &mut Vec<Ending>) {
        while !self.take(group) {
            self.arrived.notified().await;
        }
    }

    /// Moves all that there are to `group`, which is empty; whether there were any, or none will come.
    pub(super) fn take(&self, group: &mut Vec<Ending>) -> bool {
        let mut list = self.list.lock();
        swap(&mut list.endings, group);
        !group.is_empty() || list.is_closed
    }

    /// Takes no more; who waits for some learns it.
    pub(super) fn close(&self) {
        self.list.lock().is_closed = true;
        self.arrived.notify_one();
    }
}
