use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A run that waited longer than this for a worker was claimed too early.
const TOO_EARLY: Duration = Duration::from_millis(100);

/// How many runs to hold ahead of the workers.
///
/// It doubles when workers ran out of runs while there were more to claim, and
/// halves when runs wait long: a process that dies holds little slow work, and
/// fast work never waits for the store.
#[derive(Debug)]
pub(super) struct PrefetchWindow {
    runs: AtomicUsize,
    most: usize,
}

impl PrefetchWindow {
    /// Begins with `first` runs, and never goes above `most`.
    pub(super) fn new(first: usize, most: usize) -> Self {
        Self {
            runs: AtomicUsize::new(first.min(most)),
            most,
        }
    }

    /// How many runs to hold.
    pub(super) fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// Workers had to wait although there was work.
    pub(super) fn ran_dry(&self) {
        self.change(|runs| runs.max(1).saturating_mul(2).min(self.most));
    }

    /// A run waited this long for a worker.
    pub(super) fn waited(&self, time: Duration) {
        if time > TOO_EARLY {
            self.change(|runs| (runs / 2).max(1).min(self.most));
        }
    }

    fn change(&self, step: impl Fn(usize) -> usize) {
        // A lost race costs one step, which the next occasion makes good.
        self.runs.store(step(self.runs()), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_follows_the_work_within_its_bounds() {
        let window = PrefetchWindow::new(16, 100);
        for _ in 0..5 {
            window.ran_dry();
        }
        assert_eq!(window.runs(), 100);
        window.waited(TOO_EARLY);
        assert_eq!(window.runs(), 100);
        for _ in 0..9 {
            window.waited(TOO_EARLY * 2);
        }
        assert_eq!(window.runs(), 1);
    }

    #[test]
    fn a_window_of_none_stays_shut() {
        let window = PrefetchWindow::new(16, 0);
        window.ran_dry();
        window.waited(TOO_EARLY * 2);
        assert_eq!(window.runs(), 0);
    }
}
