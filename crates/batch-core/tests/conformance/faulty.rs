use std::sync::Arc;

use async_trait::async_trait;
use batch_core::conformance::{Fault, Harness};
use batch_core::kv::{KvOptions, KvStorage, verify_map};
use batch_core::storage::{Storage, StorageError};
use batch_core::time::ManualClock;

use super::faulty_kv::{self, FaultyKv};

/// A map that outlives its storage and fails when it is told to.
#[derive(Debug)]
pub struct OnFaultyMap {
    pub kv: FaultyKv,
    pub clock: ManualClock,
}

impl OnFaultyMap {
    pub fn new() -> Self {
        Self {
            kv: FaultyKv::new(),
            clock: ManualClock::default(),
        }
    }

    pub fn start(&self) -> Result<KvStorage<FaultyKv>, StorageError> {
        let mut options = KvOptions::default();
        options.clock = Arc::new(self.clock.clone());
        KvStorage::start(self.kv.clone(), options)
    }
}

#[async_trait]
impl Harness for OnFaultyMap {
    async fn open(&self) -> Result<Box<dyn Storage>, StorageError> {
        Ok(Box::new(self.start()?))
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn look_over(&self) {
        let report = verify_map(&self.kv).unwrap();
        assert!(report.is_sound(), "{report}");
    }

    fn plan_fault(&self, fault: Option<Fault>) {
        let now = self.kv.commits();
        self.kv.plan(fault.map(|fault| match fault {
            Fault::Lose { after } => faulty_kv::Fault::LoseFrom(now + after),
            Fault::Keep { after } => faulty_kv::Fault::KeepFrom(now + after),
        }));
    }
}

batch_core::storage_conformance! {
    harness: OnFaultyMap::new(),
    time: yes,
    durable: yes,
    exclusive: yes,
    faults: yes,
}
