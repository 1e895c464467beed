/// How many bytes of what was overwritten or deleted a log keeps, and how it gets rid of more.
///
/// The log is a queue of segments. Whatever is live in the oldest one is written again with the
/// next commits, a bounded amount with each, and then its file is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compaction {
    /// A segment is not ended below this.
    pub(super) least_segment: u64,
}

/// The bytes of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LogBytes {
    /// Of all segments.
    pub(super) total: u64,
    /// Of entries that hold the value of a key.
    pub(super) live: u64,
}

impl Compaction {
    /// A segment is at most this part of what is live: there are never many files, and to carry
    /// one on takes little room beside the rest.
    const SEGMENTS: u64 = 16;
    const LARGEST_SEGMENT: u64 = 1 << 30;
    /// Carried on by a commit, for each byte of its own: so what is live is carried through the
    /// log before half as much is new.
    const FACTOR: u64 = 2;
    /// A small commit carries so much.
    const LEAST_CARRIED: u64 = 64 << 10;

    /// The size from which on a segment is ended.
    pub(super) fn segment_bytes(self, live: u64) -> u64 {
        let share = (live / Self::SEGMENTS).min(Self::LARGEST_SEGMENT);
        share.max(self.least_segment)
    }

    /// The most dead bytes that are left alone.
    pub(super) fn kept_dead(self, bytes: LogBytes) -> u64 {
        bytes.live.max(2 * self.least_segment)
    }

    /// What the next commits will give back to the disk.
    pub(super) fn to_be_freed(self, bytes: LogBytes) -> u64 {
        let dead = bytes.total - bytes.live;
        dead.saturating_sub(self.kept_dead(bytes))
    }

    /// The room that is kept to carry a segment on, all of which may be live: it is deleted only
    /// then. The least one fits into what submits spare.
    pub(super) fn room_to_carry(self, bytes: LogBytes) -> u64 {
        self.segment_bytes(bytes.live) - self.least_segment
    }

    /// The bytes of the oldest segment that a commit of so many bytes carries on.
    pub(super) fn carried_by(self, commit: u64, bytes: LogBytes) -> u64 {
        match self.to_be_freed(bytes) {
            0 => 0,
            _ => Self::LEAST_CARRIED.max(commit.saturating_mul(Self::FACTOR)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Compaction = Compaction { least_segment: 100 };

    fn bytes(total: u64, live: u64) -> LogBytes {
        LogBytes { total, live }
    }

    #[test]
    fn nothing_is_carried_while_half_of_the_log_is_live_or_it_is_small() {
        assert_eq!(RULES.carried_by(1 << 20, bytes(2_000, 1_000)), 0);
        assert_eq!(RULES.carried_by(1 << 20, bytes(200, 0)), 0);
    }

    #[test]
    fn a_commit_carries_twice_its_bytes_and_a_small_one_a_little() {
        let bytes = bytes(2_001, 1_000);
        assert_eq!(RULES.carried_by(1 << 20, bytes), 2 << 20);
        assert_eq!(RULES.carried_by(1, bytes), 64 << 10);
    }

    #[test]
    fn segments_grow_with_what_is_live_and_not_for_ever() {
        assert_eq!(RULES.segment_bytes(1_600), 100);
        assert_eq!(RULES.segment_bytes(16_000), 1_000);
        assert_eq!(RULES.segment_bytes(1 << 50), 1 << 30);
    }
}
