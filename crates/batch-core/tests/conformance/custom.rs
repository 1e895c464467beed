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

#[test]
fn the_guide_shows_the_example_word_for_word() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/writing-a-storage-backend.md"
    );
    let guide = std::fs::read_to_string(path).unwrap();
    let example = include_str!("../../examples/custom_storage/btree_kv.rs");
    let here = include_str!("custom.rs");
    let blocks = guide.split("```rust\n").skip(1);
    let blocks: Vec<_> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 5);
    for block in blocks {
        let shown = example.contains(block) || here.contains(block);
        assert!(shown, "the guide differs from the code:\n{block}");
    }
}
