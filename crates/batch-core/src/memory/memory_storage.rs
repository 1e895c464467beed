use super::MemoryKv;
use crate::kv::{KvOptions, KvStorage};

/// Storage that lives and dies with the process: for tests, and for work that may be lost.
///
/// It is the same state machine as every other [`KvStorage`], on a map in memory.
pub type MemoryStorage = KvStorage<MemoryKv>;

impl MemoryStorage {
    /// An empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(KvOptions::default())
    }

    /// An empty storage with options, such as a clock that a test moves.
    #[must_use]
    pub fn with_options(options: KvOptions) -> Self {
        Self::start(MemoryKv::new(), options)
            .expect("a new map in memory can be read, and its system has random bytes")
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}
