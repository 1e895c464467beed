use std::sync::Arc;

use async_trait::async_trait;
use batch_core::conformance::Harness;
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::storage::{Storage, StorageError};
use batch_core::time::ManualClock;

#[path = "../../examples/custom_storage/btree_kv.rs"]
mod btree_kv;

use btree_kv::BTreeKv;

/// The backend of the guide, word for word.
#[derive(Debug, Default)]
struct OnBTree {
    map: BTreeKv,
    clock: ManualClock,
}

#[async_trait]
impl Harness for OnBTree {
    async fn open(&self) -> Result<Box<dyn Storage>, StorageError> {
        let mut options = KvOptions::default();
        options.clock = Arc::new(self.clock.clone());
        Ok(Box::new(KvStorage::start(self.map.clone(), options)?))
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

batch_core::storage_conformance! {
    harness: OnBTree::default(),
    time: yes,
    durable: yes,
    exclusive: yes,
    faults: no("a commit in memory cannot fail"),
}

#[test]
fn the_backend_of_the_guide_has_fewer_than_80_lines() {
    let source = include_str!("../../examples/custom_storage/btree_kv.rs");
    assert!(source.lines().count() < 80);
}
