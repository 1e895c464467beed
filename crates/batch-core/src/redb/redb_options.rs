use super::{RedbCheck, RedbRepair};

/// How a [`RedbKv`](super::RedbKv) is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedbOptions {
    /// Bytes of pages that redb keeps in memory, by default 8 MiB.
    ///
    /// Half of it at most holds the pages of a commit; larger commits go to the file as they grow.
    pub cache_bytes: usize,
    /// What a commit does for an opening after a death.
    pub repair: RedbRepair,
    /// When opening looks at every page, by default each time.
    pub check: RedbCheck,
}

impl Default for RedbOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 8 << 20,
            repair: RedbRepair::default(),
            check: RedbCheck::default(),
        }
    }
}
