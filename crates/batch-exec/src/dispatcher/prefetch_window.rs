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
    /// Begins with one run, so that nothing slow is held before it is known to be slow;
    /// never goes above `most`.
    pub(super) fn new(most: usize) -> Self {
        Self {
            runs: AtomicUsize::new(1.min(most)),
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

    fn grown(most: usize, doublings: usize) -> PrefetchWindow {
        let window = PrefetchWindow::new(most);
        for _ in 0..doublings {
            window.ran_dry();
        }
        window
    }

    #[test]
    fn the_window_follows_the_work_within_its_bounds() {
        let window = grown(100, 8);
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
        let window = grown(100, 4);
        window.claimed_in(LONG);
        window.waited(LONG * CLAIMS_AHEAD);
        assert_eq!(window.runs(), 16);
        window.waited(LONG * (CLAIMS_AHEAD + 1));
        assert_eq!(window.runs(), 15);
    }

    #[test]
    fn one_run_is_held_ahead_before_anything_is_known() {
        assert_eq!(PrefetchWindow::new(100).runs(), 1);
    }

    #[test]
    fn a_window_of_none_stays_shut() {
        let window = grown(0, 3);
        window.waited(LONG);
        assert_eq!(window.runs(), 0);
    }
}
