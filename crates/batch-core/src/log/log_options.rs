use super::compaction::Compaction;

/// How a [`LogKv`](super::LogKv) is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// Bytes after which a file of the log may be ended, by default 4 MiB. A log with much in
    /// it has larger ones, of up to 1 GiB.
    ///
    /// Twice as many bytes may be of what was overwritten or deleted, however little is stored:
    /// a smaller number makes a small store smaller, and has it write more.
    pub segment_bytes: u64,
}

impl LogOptions {
    pub(super) const fn compaction(&self) -> Compaction {
        Compaction {
            least_segment: self.segment_bytes,
        }
    }
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 4 << 20,
        }
    }
}
