//! A store that is full takes no batch, and does everything else.

use std::num::NonZeroU32;
use std::sync::Arc;

use batch_core::id::{BatchId, SinkName};
use batch_core::journal::Sequence;
use batch_core::kv::{ByteSize, KvOptions, KvStorage, SizeBound, Space};
use batch_core::memory::{MemoryKv, MemoryStorage};
use batch_core::request::Input;
use batch_core::storage::{
    CancelTarget, ErrorKind, InsertReply, NewBatch, PruneRequest, SinkStart, Storage, StorageError,
    WorkflowChange,
};
use batch_core::time::Clock;

use super::faulty_kv::FaultyKv;
use super::yard::{Yard, request, valid, workflow};

/// A map that says how much its disk has left.
fn left(bytes: u64) -> Option<Space> {
    Some(Space {
        used: ByteSize::mib(1),
        left: Some(ByteSize::new(bytes)),
    })
}

async fn submit(store: &dyn Storage, inputs: u32) -> Result<InsertReply, StorageError> {
    let batch = NewBatch::single(BatchId::generate(), valid(request(inputs)));
    store.insert(batch).await
}

#[tokio::test]
async fn a_full_store_refuses_a_batch_and_writes_nothing() {
    let yard = Yard::new().await;
    yard.kv.set_space(left(1 << 20));
    let before = yard.kv.writes();

    let error = submit(yard.storage(), 3).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.is_retryable());
    let text = error.to_string();
    assert!(text.contains("the disk has room for 1 MiB"), "{text}");
    assert!(text.contains("3 runs"), "{text}");
    assert_eq!(yard.kv.writes(), before);
}

#[tokio::test]
async fn a_store_that_was_full_takes_a_batch_as_soon_as_the_disk_has_room() {
    let yard = Yard::new().await;
    yard.kv.set_space(left(0));
    submit(yard.storage(), 3).await.unwrap_err();
    yard.kv.set_space(left(1 << 30));

    let reply = submit(yard.storage(), 3).await.unwrap();

    assert_eq!(reply, InsertReply::Stored);
}

/// Its first bytes are stored before its last.
#[tokio::test]
async fn a_full_store_refuses_an_outsized_batch_before_its_first_slice() {
    let yard = Yard::new().await;
    yard.kv.set_space(left(17 << 20));
    let before = yard.kv.writes();
    let text = || Input::text("word ".repeat(180_000));
    let content = valid(request(0).inputs([text(), text()]));

    let batch = NewBatch::single(BatchId::generate(), content);
    let error = yard.storage().insert(batch).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Full);
    assert_eq!(yard.kv.writes(), before);
}

#[tokio::test]
async fn what_a_full_store_has_taken_is_worked_off_and_pruned() {
    let yard = Yard::new().await;
    let id = yard.submit(10).await;
    let other = yard.submit(5).await;
    yard.kv.set_space(left(0));

    let sink = || SinkName::new("s").unwrap();
    let start = SinkStart::Beginning;
    yard.storage().open_sink(sink(), start).await.unwrap();
    let target = CancelTarget::Batch(other);
    yard.storage().cancel(target).await.unwrap();
    assert_eq!(yard.work_off().await, 10);
    assert!(yard.batch(id).await.is_finished());
    let end = Sequence::new(1_000);
    yard.storage().advance_sink(sink(), end).await.unwrap();
    let change = WorkflowChange::Deploy;
    let changed = yard.storage().change_workflow(workflow(), change).await;
    changed.unwrap();
    yard.clock.advance(std::time::Duration::from_secs(1));
    let request = PruneRequest::new(yard.clock.now().wall, NonZeroU32::MAX);
    assert_eq!(yard.storage().prune(request).await.unwrap().batches, 2);
}

#[tokio::test]
async fn a_full_store_answers_a_submit_that_it_knows() {
    let yard = Yard::new().await;
    let again = || {
        let content = valid(request(3).idempotency_key("k"));
        NewBatch::single(BatchId::generate(), content)
    };
    yard.storage().insert(again()).await.unwrap();
    yard.kv.set_space(left(0));

    let reply = yard.storage().insert(again()).await.unwrap();

    assert!(matches!(reply, InsertReply::Replayed(_)), "{reply:?}");
}

#[tokio::test]
async fn a_full_store_refuses_an_update_that_makes_it_larger_and_changes_nothing() {
    let yard = Yard::new().await;
    let id = yard.submit(2).await;
    yard.update(id, 0, 100_000).await;
    let before = yard.run(id, 1).await;
    yard.kv.set_space(left((16 << 20) + 2 * 2_048 + 50_000));
    let writes = yard.kv.writes();

    let error = yard.try_update(id, 1, 60_000).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Full);
    let text = error.to_string();
    assert!(text.contains("an update by"), "{text}");
    assert_eq!(yard.kv.writes(), writes);
    assert_eq!(yard.run(id, 1).await, before);
    yard.update(id, 1, 20_000).await;
    yard.kv.set_space(left(0));
    yard.update(id, 0, 99_000).await;
}

/// 2 KiB for each run, until its batch has finished.
#[tokio::test]
async fn room_is_kept_for_the_runs_of_unfinished_batches_across_reopening() {
    let mut yard = Yard::new().await;
    let room_for_100_runs = (16 << 20) + 100 * 2_048 + 50_000;
    yard.submit(60).await;
    yard.kv.set_space(left(room_for_100_runs));
    yard.open().unwrap();

    let error = submit(yard.storage(), 80).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().contains("140 runs"), "{error}");
    assert_eq!(
        submit(yard.storage(), 40).await.unwrap(),
        InsertReply::Stored
    );
    let error = submit(yard.storage(), 80).await.unwrap_err();
    assert!(error.to_string().contains("180 runs"), "{error}");

    yard.work_off().await;
    assert_eq!(
        submit(yard.storage(), 80).await.unwrap(),
        InsertReply::Stored
    );
}

#[tokio::test]
async fn a_store_in_memory_can_be_bounded_and_takes_batches_again_once_pruned() {
    let mut options = KvOptions::default();
    options.size.store = Some(ByteSize::kib(200));
    let clock = batch_core::time::ManualClock::default();
    options.clock = Arc::new(clock.clone());
    let store = MemoryStorage::with_options(options);
    let change = WorkflowChange::EnsureDeployed;
    store.change_workflow(workflow(), change).await.unwrap();
    let mut batches = 0;
    let error = loop {
        match submit(&store, 10).await {
            Ok(_) => batches += 1,
            Err(error) => break error,
        }
        assert!(batches < 100, "it is never full");
    };
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().contains("at most 200 KiB"), "{error}");
    assert!(batches > 2, "{batches}");

    for batch in store.batches(Default::default()).await.unwrap().items {
        let target = CancelTarget::Batch(batch.id);
        store.cancel(target).await.unwrap();
    }
    clock.advance(std::time::Duration::from_secs(1));
    let request = PruneRequest::new(clock.now().wall, NonZeroU32::MAX);
    assert_eq!(store.prune(request).await.unwrap().batches, batches);
    assert_eq!(submit(&store, 10).await.unwrap(), InsertReply::Stored);
}

#[test]
fn a_map_that_cannot_tell_its_size_cannot_be_bounded() {
    let mut options = KvOptions::default();
    options.size = SizeBound {
        store: Some(ByteSize::gib(1)),
        ..SizeBound::default()
    };
    let error = KvStorage::start(FaultyKv::new(), options.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(KvStorage::start(MemoryKv::new(), options).is_ok());
}
