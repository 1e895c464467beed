use std::fmt;

use batch_core::batch::Counts;
use batch_core::run::{Run, RunState};

use super::error_groups::ErrorGroups;
use super::session::Session;
use crate::output::{counted, duration_ms, printable};

/// The most groups of errors that are shown.
const SHOWN_GROUPS: usize = 10;

/// What came of a submission, counted from the runs in the store.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    counts: Counts,
    attempts: u64,
    interruptions: u64,
    durations_ms: Vec<u64>,
    errors: ErrorGroups,
    session: Session,
}

impl Summary {
    /// Nothing so far but what this process has done.
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            ..Self::default()
        }
    }

    /// Counts a run.
    pub(crate) fn add(&mut self, run: &Run) {
        *self.counts.of_mut(run.state) += 1;
        self.attempts += u64::from(run.attempts);
        self.interruptions += u64::from(run.interruptions);
        if run.attempts > 0 {
            self.durations_ms.extend(duration_ms(run));
        }
        if run.state == RunState::Failed {
            self.errors.add(run);
        }
    }

    /// How many runs stand where.
    pub(crate) const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Makes ready to be shown.
    pub(crate) fn finish(mut self) -> Self {
        self.durations_ms.sort_unstable();
        self
    }

    fn work(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", counted(self.attempts, "attempt"))?;
        if self.interruptions > 0 {
            write!(f, ", {}", counted(self.interruptions, "interruption"))?;
        }
        let percentiles =
            percentile(&self.durations_ms, 50).zip(percentile(&self.durations_ms, 99));
        if let Some((half, most)) = percentiles {
            write!(f, ", duration p50 {}, p99 {}", shown(half), shown(most))?;
        }
        match self.session.rate() {
            Some(rate) => {
                let (ended, took) = (self.session.ended, self.session.took.as_secs_f64());
                write!(f, "\n{rate:.1} runs/s: {ended} in {took:.1} s")
            }
            None => write!(f, "\nnothing was left to run"),
        }
    }

    fn errors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in self.errors.largest(SHOWN_GROUPS) {
            let (count, message) = (group.count, printable(&group.message));
            write!(f, "\n{count:>8} x {}: {message}", group.reason)?;
            write!(f, "\n           first: {}", printable(&group.first))?;
        }
        match self.errors.beyond(SHOWN_GROUPS) {
            0 => Ok(()),
            others => write!(f, "\n{others:>8} x other errors"),
        }
    }
}

impl fmt::Display for Summary {
    /// Several lines: how many ended how, what it took, the errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.counts)?;
        self.work(f)?;
        self.errors(f)
    }
}

/// The smallest duration that at least so many of a hundred do not exceed.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Milliseconds as a person reads them.
fn shown(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{ms} ms"),
        _ => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_occurred() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 50), Some(50));
        assert_eq!(percentile(&hundred, 99), Some(99));
        assert_eq!(percentile(&[7], 50), Some(7));
        assert_eq!(percentile(&[7, 9], 99), Some(9));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_duration_is_short_to_read() {
        assert_eq!(shown(12), "12 ms");
        assert_eq!(shown(12_345), "12.3 s");
    }

    #[test]
    fn where_nothing_was_left_to_run_no_rate_is_made_up() {
        let summary = Summary::new(Session::default()).finish();
        let text = summary.to_string();
        assert!(text.ends_with("nothing was left to run"), "{text}");
    }
}
