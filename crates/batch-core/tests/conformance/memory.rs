use std::sync::Arc;

use async_trait::async_trait;
use batch_core::conformance::Harness;
use batch_core::kv::KvOptions;
use batch_core::memory::MemoryStorage;
use batch_core::storage::{Storage, StorageError};
use batch_core::time::ManualClock;

#[derive(Debug, Default)]
struct InMemory(ManualClock);

#[async_trait]
impl Harness for InMemory {
    async fn open(&self) -> Result<Box<dyn Storage>, StorageError> {
        let mut options = KvOptions::default();
        options.clock = Arc::new(self.0.clone());
        Ok(Box::new(MemoryStorage::with_options(options)))
    }

    fn clock(&self) -> &ManualClock {
        &self.0
    }
}

batch_core::storage_conformance! {
    harness: InMemory::default(),
    time: yes,
    durable: no("nothing outlives the process"),
    exclusive: no("nothing is opened again"),
    faults: no("a commit in memory cannot fail"),
}
