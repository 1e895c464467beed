use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use batch_core::conformance::{Fault, Harness};
use batch_core::kv::{KeyValue, WriteBatch};
use batch_core::storage::{Storage, StorageError};
use batch_core::time::ManualClock;

use super::animal::Animal;
use super::flaw::Flaw;
use crate::faulty::OnFaultyMap;
use crate::faulty_kv::FaultyKv;

/// The harness of a broken storage. What is broken about opening is broken here.
#[derive(Debug)]
pub struct Cage {
    flaw: Flaw,
    ground: OnFaultyMap,
    openings: Mutex<u32>,
    /// What the map held before the newest batch came.
    before: Arc<Mutex<Vec<KeyValue>>>,
}

impl Cage {
    pub fn new(flaw: Flaw) -> Self {
        Self {
            flaw,
            ground: OnFaultyMap::new(),
            openings: Mutex::new(0),
            before: Arc::default(),
        }
    }

    fn spoil(&self) {
        let kv = &self.ground.kv;
        match self.flaw {
            Flaw::ForgetsKeysOnOpening => {
                let mut writes = WriteBatch::new();
                let keys = kv.dump().into_iter().filter(|kv| kv.key[0] == b'q');
                keys.for_each(|kv| writes.delete(kv.key));
                kv.tamper(writes);
            }
            Flaw::AcknowledgesTooSoon => go_back(kv, self.before.lock().unwrap().clone()),
            _ => {}
        }
    }
}

/// Puts a map back to what it was.
pub fn go_back(kv: &FaultyKv, before: Vec<KeyValue>) {
    let mut writes = WriteBatch::new();
    kv.dump().into_iter().for_each(|kv| writes.delete(kv.key));
    before
        .into_iter()
        .for_each(|kv| writes.put(kv.key, kv.value));
    kv.tamper(writes);
}

#[async_trait]
impl Harness for Cage {
    async fn open(&self) -> Result<Box<dyn Storage>, StorageError> {
        let mut openings = self.openings.lock().unwrap();
        if *openings > 0 {
            self.spoil();
        }
        *openings += 1;
        let inner = self.ground.start()?;
        let kv = self.ground.kv.clone();
        let before = Arc::clone(&self.before);
        Ok(Box::new(Animal::new(self.flaw, inner, kv, before)))
    }

    fn clock(&self) -> &ManualClock {
        self.ground.clock()
    }

    fn plan_fault(&self, fault: Option<Fault>) {
        self.ground.plan_fault(fault);
    }

    fn random_days(&self) -> u32 {
        128
    }
}
