use std::sync::Arc;
use std::task::Wake;

use parking_lot::{Condvar, Mutex};

/// Wakes a thread that waits for a future.
///
/// Not the thread's own parking: what the future does inside may park the
/// thread too and take a wake-up that was not for it.
#[derive(Debug, Default)]
pub(super) struct WakeUp {
    woken: Mutex<bool>,
    news: Condvar,
}

impl WakeUp {
    /// Blocks until the waker is used; at once where it was since the last time.
    pub(super) fn wait(&self) {
        let mut woken = self.woken.lock();
        while !*woken {
            self.news.wait(&mut woken);
        }
        *woken = false;
    }
}

impl Wake for WakeUp {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock() = true;
        self.news.notify_one();
    }
}
