use super::shortage::{Bound, Change, Shortage};
use super::{ByteSize, Space};

/// How large a store may become, and what room it keeps for the runs that it has taken.
///
/// A submit past the bound is refused before anything is written, with
/// [`ErrorKind::Full`](crate::storage::ErrorKind::Full), and so is an update of a run that makes
/// the store larger. Nothing else is: claims, settlements, cancelling, the positions of sinks
/// and pruning go on in the room that submits leave, so that a full disk stops submits before it
/// stops work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeBound {
    /// The most bytes that the store may come to, with what is kept for its runs. Unset: as
    /// many as the disk has.
    ///
    /// It bounds what is stored. A file may be larger: what was deleted in it is used again.
    pub store: Option<ByteSize>,
    /// What submits leave of the disk, whatever else is kept. 16 MiB.
    pub spare: ByteSize,
    /// What is kept for each run of a batch that has not finished: for its record, its journal
    /// entries and its output. 2 KiB, which is enough for outputs of about 300 bytes.
    pub each_run: ByteSize,
}

impl SizeBound {
    /// No bound: submits go on until the disk is full, and then nothing does.
    pub const NONE: Self = Self {
        store: None,
        spare: ByteSize::new(0),
        each_run: ByteSize::new(0),
    };

    /// Whether a batch may be taken, or an update be made.
    pub(super) fn check(self, space: Space, wanted: Wanted) -> Result<(), Shortage> {
        let for_runs = self.each_run.times(wanted.runs);
        let shortage = |bound| {
            Err(Shortage {
                bound,
                change: wanted.change,
                runs: wanted.runs,
                bytes: wanted.bytes,
                kept: for_runs,
            })
        };
        if let Some(most) = self.store {
            let used = space.used;
            if used.and(wanted.bytes).and(for_runs) > most {
                return shortage(Bound::Store { used, most });
            }
        }
        if let Some(left) = space.left {
            let spare = self.spare;
            if wanted.bytes.and(for_runs).and(spare) > left {
                return shortage(Bound::Disk { left, spare });
            }
        }
        Ok(())
    }
}

impl Default for SizeBound {
    fn default() -> Self {
        Self {
            store: None,
            spare: ByteSize::mib(16),
            each_run: ByteSize::kib(2),
        }
    }
}

/// What a batch or an update would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub change: Change,
    /// Its bytes, and those of what else waits for the same commit.
    pub bytes: ByteSize,
    /// The runs of batches that have not finished, those of the batch included.
    pub runs: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: SizeBound = SizeBound {
        store: Some(ByteSize::new(1_000)),
        spare: ByteSize::new(100),
        each_run: ByteSize::new(10),
    };

    fn check(used: u64, left: Option<u64>, batch: u64, runs: u64) -> Result<(), Shortage> {
        let space = Space {
            used: ByteSize::new(used),
            left: left.map(ByteSize::new),
        };
        let wanted = Wanted {
            bytes: ByteSize::new(batch),
            runs,
            ..ONE_RUN
        };
        BOUND.check(space, wanted)
    }

    #[test]
    fn a_batch_is_taken_up_to_the_bound_and_not_a_byte_further() {
        assert_eq!(check(600, None, 300, 10), Ok(()));
        assert!(check(600, None, 301, 10).is_err());
        assert!(check(601, None, 300, 10).is_err());
        assert!(check(600, None, 300, 11).is_err());
    }

    #[test]
    fn a_batch_is_taken_while_the_disk_keeps_what_is_spared_and_what_runs_need() {
        assert_eq!(check(0, Some(400), 200, 10), Ok(()));
        assert!(check(0, Some(399), 200, 10).is_err());
        assert!(check(0, Some(400), 201, 10).is_err());
        assert!(check(0, Some(400), 200, 11).is_err());
    }

    #[test]
    fn a_map_without_a_disk_has_no_bound_but_its_own() {
        assert_eq!(SizeBound::default().check(FULL, ONE_RUN), Ok(()));
    }

    #[test]
    fn no_bound_takes_what_the_disk_takes() {
        let space = Space {
            left: Some(ByteSize::new(1)),
            ..FULL
        };
        assert_eq!(SizeBound::NONE.check(space, ONE_RUN), Ok(()));
    }

    #[test]
    fn what_cannot_be_counted_is_too_much() {
        let runs = u64::MAX;
        assert!(check(0, None, 1, runs).is_err());
        assert!(check(u64::MAX, None, u64::MAX, 1).is_err());
    }

    #[test]
    fn a_refusal_says_what_is_there_what_is_kept_and_what_to_do() {
        let text = check(990, None, 20, 3).unwrap_err().to_string();
        assert_eq!(
            text,
            "a batch of 20 bytes was not taken: the store has 990 bytes of at most 1000 bytes, \
             and 30 bytes are kept for 3 runs of unfinished batches; \
             let batches finish, prune them, or raise the bound"
        );
        let text = check(0, Some(90), 20, 3).unwrap_err().to_string();
        assert!(text.contains("the disk has room for 90 bytes"), "{text}");
        assert!(text.ends_with("or free space"), "{text}");
    }

    const FULL: Space = Space {
        used: ByteSize::new(u64::MAX),
        left: None,
    };
    const ONE_RUN: Wanted = Wanted {
        change: Change::Batch,
        bytes: ByteSize::new(1),
        runs: 1,
    };
}
