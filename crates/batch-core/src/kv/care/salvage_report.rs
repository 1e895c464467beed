use std::fmt;

use super::{About, CopyReport, VerifyReport};
use crate::kv::counted::counted;

/// What was saved of a damaged store, and what was not.
///
/// It prints as one line a loss, and one about what was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvageReport {
    /// What was wrong with the store.
    pub found: VerifyReport,
    /// Batches that were kept whole.
    pub batches: u64,
    /// Runs of these batches.
    pub runs: u64,
    /// What was lost, or had to be made up, ordered by what it is about.
    pub losses: Vec<Loss>,
    /// What was written.
    pub written: CopyReport,
}

/// Something that a salvage could not save as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Loss {
    /// What is lost, or lost a part.
    pub about: About,
    /// What became of it, and what that means.
    pub detail: String,
}

/// A new store with what was saved, and the map it is in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Salvaged<T> {
    /// The map. Open it as a store, or drop it to close it.
    pub map: T,
    /// What was saved and what was not.
    pub report: SalvageReport,
}

impl fmt::Display for Loss {
    /// One line: what it is about, and what became of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.detail)
    }
}

impl fmt::Display for SalvageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for loss in &self.losses {
            writeln!(f, "{loss}")?;
        }
        let batches = counted(self.batches, "batch", "batches");
        write!(
            f,
            "kept {batches} with {}",
            counted(self.runs, "run", "runs")
        )?;
        match self.losses.len() as u64 {
            0 => write!(f, ", lost nothing"),
            losses => write!(f, ", {}", counted(losses, "loss", "losses")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Sequence;

    #[test]
    fn one_batch_that_was_kept_is_told_in_the_singular() {
        let report = SalvageReport {
            found: VerifyReport::default(),
            batches: 1,
            runs: 40,
            losses: Vec::new(),
            written: CopyReport {
                records: 1,
                bytes: 1,
                as_of: Sequence::START,
            },
        };
        let text = report.to_string();
        assert_eq!(text, "kept 1 batch with 40 runs, lost nothing");
    }
}
