use std::time::Duration;

/// How a [`SledKv`](super::SledKv) is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SledOptions {
    /// Bytes of pages that sled keeps in memory, by default 32 MiB. At least 1 MiB is used.
    pub cache_bytes: u64,
    /// How often sled looks for segments to collect, by default every 200 ms.
    ///
    /// Durability does not depend on it: every commit is synced by itself. It
    /// is used as at least 1 ms and cannot be turned off, because sled then
    /// also stops to collect segments and its file grows without end.
    pub collect_interval: Duration,
    /// Bytes kept aside on the disk so that a store on a full disk can be opened, by default 8 MiB.
    ///
    /// They are taken when the store is created. Zero keeps nothing aside.
    pub ballast_bytes: u64,
    /// What is held against its checksum when a store is opened, by default everything.
    pub check: OpenCheck,
}

/// What is held against its checksum when a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OpenCheck {
    /// All that is stored. Opening reads it all.
    #[default]
    Everything,
    /// That the last acknowledged commit is there. Damage in what was stored
    /// before it may go unseen, as sled loses and reverts rows in silence.
    LastCommit,
    /// Nothing, not even that there was a commit: for what can still be read of a damaged store.
    Nothing,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 32 << 20,
            collect_interval: Duration::from_millis(200),
            ballast_bytes: 8 << 20,
            check: OpenCheck::default(),
        }
    }
}

impl SledOptions {
    const LEAST_CACHE: u64 = 1 << 20;

    pub(super) fn config(&self, dir: &std::path::Path) -> ::sled::Config {
        let interval = u64::try_from(self.collect_interval.as_millis()).unwrap_or(u64::MAX);
        ::sled::Config::new()
            .path(dir)
            .cache_capacity(self.cache_bytes.max(Self::LEAST_CACHE))
            .flush_every_ms(Some(interval.max(1)))
    }
}
