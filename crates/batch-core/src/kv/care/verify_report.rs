use std::fmt;

use super::Finding;
use crate::kv::counted::counted;

/// What a check of a whole store looked at, and what it found.
///
/// It prints as one line a finding, and one about what was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// What was looked at.
    pub looked_at: LookedAt,
    /// What is wrong, ordered by what it is about. At most [`VerifyReport::MOST_FINDINGS`].
    pub findings: Vec<Finding>,
    /// How many findings more there were than `findings` holds.
    pub left_out: u64,
}

/// How much a check looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookedAt {
    /// Values of the map, each held against its checksum.
    pub values: u64,
    /// Bytes of their keys and of themselves.
    pub bytes: u64,
    /// Batches, each with all that belongs to it.
    pub batches: u64,
    /// Runs of these batches.
    pub runs: u64,
    /// Entries of the journal.
    pub entries: u64,
}

/// The answer to the question whether a store is sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soundness {
    /// Nothing is wrong with it.
    Sound,
    /// Something is damaged or missing.
    Damaged,
}

impl VerifyReport {
    /// The most findings that a report holds.
    pub const MOST_FINDINGS: usize = 10_000;

    /// The same, with no more findings than a report holds.
    pub(super) fn shortened(mut self) -> Self {
        let more = self.findings.len().saturating_sub(Self::MOST_FINDINGS);
        self.findings.truncate(Self::MOST_FINDINGS);
        self.left_out += more as u64;
        self
    }

    /// Whether the store is sound.
    #[must_use]
    pub const fn soundness(&self) -> Soundness {
        match self.findings.is_empty() && self.left_out == 0 {
            true => Soundness::Sound,
            false => Soundness::Damaged,
        }
    }

    /// Whether nothing is wrong with the store.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        matches!(self.soundness(), Soundness::Sound)
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        if self.left_out > 0 {
            writeln!(f, "and {} more", self.left_out)?;
        }
        let found = self.left_out.saturating_add(self.findings.len() as u64);
        match found {
            0 => write!(f, "sound: {}", self.looked_at),
            _ => {
                let found = counted(found, "finding", "findings");
                write!(f, "damaged, {found}: {}", self.looked_at)
            }
        }
    }
}

impl fmt::Display for LookedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} with {}, {}, {} of {} in all",
            counted(self.batches, "batch", "batches"),
            counted(self.runs, "run", "runs"),
            counted(self.entries, "journal entry", "journal entries"),
            counted(self.values, "value", "values"),
            counted(self.bytes, "byte", "bytes"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_with_one_of_each_is_told_in_the_singular() {
        let report = VerifyReport {
            looked_at: LookedAt {
                values: 1,
                bytes: 1,
                batches: 1,
                runs: 1,
                entries: 1,
            },
            ..VerifyReport::default()
        };
        assert_eq!(
            report.to_string(),
            "sound: 1 batch with 1 run, 1 journal entry, 1 value of 1 byte in all"
        );
    }
}
