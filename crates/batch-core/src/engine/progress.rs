use std::fmt;

use crate::batch::{Counts, Extent};

/// How a submission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many batches it has so far.
    pub batches: u32,
    /// How many inputs it has so far.
    pub inputs: u64,
    /// How many of its runs stand where. Runs of batches that were deleted or pruned are not
    /// counted.
    pub counts: Counts,
    /// Whether more batches may come.
    pub extent: Extent,
}

impl Progress {
    /// Whether the last batch has been stored and every run has ended, however it ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.extent == Extent::Complete && self.counts.all_ended()
    }

    /// Whether the last batch has been stored and every run has ended well.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.extent == Extent::Complete && self.counts.all_processed()
    }
}

impl fmt::Display for Progress {
    /// `12 of 100 ended: 10 processed, 2 failed, 88 pending`; `so far` where more may come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        if self.is_finished() {
            return counts.fmt(f);
        }
        write!(f, "{} of {}", counts.ended(), counts.total())?;
        if self.extent == Extent::Open {
            f.write_str(" so far")?;
        }
        write!(f, " ended: {counts}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(extent: Extent) -> Progress {
        let counts = Counts {
            processed: 3,
            ..Counts::default()
        };
        Progress {
            batches: 1,
            inputs: 3,
            counts,
            extent,
        }
    }

    #[test]
    fn a_submission_that_may_grow_is_not_finished_though_all_its_runs_are() {
        assert!(!progress(Extent::Open).is_finished());
        assert!(progress(Extent::Complete).is_finished());
    }

    #[test]
    fn it_says_that_more_may_come() {
        let text = progress(Extent::Open).to_string();
        assert_eq!(text, "3 of 3 so far ended: 3 processed, 0 failed");
    }
}
