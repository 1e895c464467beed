use std::fmt;

use super::ByteSize;
use super::counted::counted;

/// Why there is no room for a batch, or an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shortage {
    pub bound: Bound,
    /// What there is no room for.
    pub change: Change,
    /// The runs of batches that have not finished, with those of the batch.
    pub runs: u64,
    /// What it takes, with what waits for the same commit.
    pub bytes: ByteSize,
    /// What is kept for the runs.
    pub kept: ByteSize,
}

/// What makes a store larger and may be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// A batch is stored.
    Batch,
    /// A run is updated.
    Update,
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
            change,
            runs,
            bytes,
            kept,
        } = self;
        match change {
            Change::Batch => write!(f, "a batch of {bytes} was not taken: ")?,
            Change::Update => write!(f, "an update by {bytes} was not made: ")?,
        }
        let runs = counted(*runs, "run", "runs");
        let for_runs = format!("{kept} are kept for {runs} of unfinished batches");
        match bound {
            Bound::Store { used, most } => write!(
                f,
                "the store has {used} of at most {most}, and {for_runs}; let batches finish, prune them, or raise the bound"
            ),
            Bound::Disk { left, spare } => write!(
                f,
                "the disk has room for {left}, of which {spare} are spared and {for_runs}; let batches finish, prune them, or free space"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_told_as_one_and_one_run_in_the_singular() {
        let (left, spare) = (ByteSize::new(90), ByteSize::new(100));
        let shortage = Shortage {
            bound: Bound::Disk { left, spare },
            change: Change::Update,
            runs: 1,
            bytes: ByteSize::new(20),
            kept: ByteSize::new(10),
        };
        let text = shortage.to_string();
        assert!(text.contains("for 1 run of unfinished batches"), "{text}");
        assert!(
            text.starts_with("an update by 20 bytes was not made: "),
            "{text}"
        );
    }
}
