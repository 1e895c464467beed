use std::fmt;

use super::ByteSize;
use super::counted::counted;

/// Why there is no room for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shortage {
    pub bound: Bound,
    /// The runs of batches that have not finished, with those of the batch.
    pub runs: u64,
    /// What the batch takes, with what waits for the same commit.
    pub batch: ByteSize,
    /// What is kept for the runs.
    pub kept: ByteSize,
}

/// Which bound it would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Store { used: ByteSize, most: ByteSize },
    Disk { left: ByteSize, spare: ByteSize },
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bound,
            runs,
            batch,
            kept,
        } = self;
        let runs = counted(*runs, "run", "runs");
        let for_runs = format!("{kept} are kept for {runs} of unfinished batches");
        match bound {
            Bound::Store { used, most } => write!(
                f,
                "a batch of {batch} was not taken: the store has {used} of at most {most}, \
                 and {for_runs}; let batches finish, prune them, or raise the bound"
            ),
            Bound::Disk { left, spare } => write!(
                f,
                "a batch of {batch} was not taken: the disk has room for {left}, of which {spare} \
                 are spared and {for_runs}; let batches finish, prune them, or free space"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_is_told_in_the_singular() {
        let (left, spare) = (ByteSize::new(90), ByteSize::new(100));
        let shortage = Shortage {
            bound: Bound::Disk { left, spare },
            runs: 1,
            batch: ByteSize::new(20),
            kept: ByteSize::new(10),
        };
        let text = shortage.to_string();
        assert!(text.contains("for 1 run of unfinished batches"), "{text}");
    }
}
