use std::sync::Arc;

use async_trait::async_trait;
use batch_core::conformance::Harness;
use batch_core::kv::{KvOptions, verify_map};
use batch_core::log::{LogKv, LogStorage};
use batch_core::storage::{Storage, StorageError};
use batch_core::time::ManualClock;
use tempfile::TempDir;

#[derive(Debug)]
struct OnLog {
    dir: TempDir,
    clock: ManualClock,
}

impl OnLog {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: ManualClock::default(),
        }
    }

    fn map(&self) -> Result<LogKv, StorageError> {
        LogKv::open(self.dir.path())
    }
}

#[async_trait]
impl Harness for OnLog {
    async fn open(&self) -> Result<Box<dyn Storage>, StorageError> {
        let mut options = KvOptions::default();
        options.clock = Arc::new(self.clock.clone());
        Ok(Box::new(LogStorage::start(self.map()?, options)?))
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn look_over(&self) {
        let report = verify_map(&self.map().unwrap()).unwrap();
        assert!(report.is_sound(), "{report}");
    }

    fn random_days(&self) -> u32 {
        6
    }
}

batch_core::storage_conformance! {
    harness: OnLog::new(),
    time: yes,
    durable: yes,
    exclusive: yes,
    faults: no("a commit of the log fails only with its disk, and tests of the adapter do that"),
}
