use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// A run that waits this many times longer for a worker than a claim takes was claimed too early.
const CLAIMS_AHEAD: u32 = 10;
/// No run that waited less than this was claimed too early.
const SHORT: Duration = Duration::from_millis(20);

/// How many runs to hold ahead of the workers.
///
/// It doubles when workers ran out of runs while there were more to claim, and
/// loses one for each run that waited long: a process that dies holds little
/// slow work, and fast work never waits for the store.
#[derive(Debug)]
pub(super) struct PrefetchWindow {
    runs: AtomicUsize,
    most: usize,
    claim_micros: AtomicU64,
}

impl PrefetchWindow {
    /// Begins with `first` runs, and never goes above `most`.
    pub(super) fn new(first: usize, most: usize) -> Self {
        Self {
            runs: AtomicUsize::new(first.min(most)),
            most,
            claim_micros: AtomicU64::new(0),
        }
    }

    /// How many runs to hold.
    pub(super) fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// A claim took this long.
    pub(super) fn claimed_in(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.claim_micros.store(micros, Ordering::Relaxed);
    }

    /// Workers had to wait although there was work.
    pub(super) fn ran_dry(&self) {
        self.change(|runs| runs.max(1).saturating_mul(2).min(self.most));
    }

    /// A run waited this long for a worker.
    pub(super) fn waited(&self, time: Duration) {
        let claim = Duration::from_micros(self.claim_micros.load(Ordering::Relaxed));
        if time > claim.saturating_mul(CLAIMS_AHEAD).max(SHORT) {
            self.change(|runs| runs.saturating_sub(1).max(1).min(self.most));
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

    const LONG: Duration = Duration::from_millis(21);

    #[test]
    fn the_window_follows_the_work_within_its_bounds() {
        let window = PrefetchWindow::new(16, 100);
        for _ in 0..5 {
            window.ran_dry();
        }
        assert_eq!(window.runs(), 100);
        window.waited(LONG);
        assert_eq!(window.runs(), 99);
        for _ in 0..200 {
            window.waited(LONG);
        }
        assert_eq!(window.runs(), 1);
    }

    #[test]
    fn a_slow_store_is_claimed_from_further_ahead() {
        let window = PrefetchWindow::new(16, 100);
        window.claimed_in(LONG);
        window.waited(LONG * CLAIMS_AHEAD);
        assert_eq!(window.runs(), 16);
        window.waited(LONG * (CLAIMS_AHEAD + 1));
        assert_eq!(window.runs(), 15);
    }

    #[test]
    fn a_window_of_none_stays_shut() {
        let window = PrefetchWindow::new(16, 0);
        window.ran_dry();
        window.waited(LONG);
        assert_eq!(window.runs(), 0);
    }
}
