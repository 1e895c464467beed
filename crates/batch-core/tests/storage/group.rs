//! What callers share when they come at once: commits.

use std::sync::Arc;

use batch_core::id::BatchId;
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::request::{BatchRequest, Input};
use batch_core::storage::{Durability, InsertReply, NewBatch, Storage, WorkflowChange};

use super::gated_kv::{Commit, GatedKv};
use super::yard::{valid, workflow};

async fn store(durability: Durability) -> (GatedKv, Arc<KvStorage<GatedKv>>) {
    let kv = GatedKv::new(durability);
    let storage = Arc::new(KvStorage::start(kv.clone(), KvOptions::default()).unwrap());
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(workflow(), change).await.unwrap();
    (kv, storage)
}

/// The commits of so many inserts that came while an earlier commit was under way.
async fn commits_of(inserts: usize, input_bytes: usize) -> Vec<Commit> {
    let (kv, storage) = store(Durability::ProcessDeath).await;
    kv.hold();
    let insert = |bytes: usize| {
        let storage = Arc::clone(&storage);
        tokio::spawn(async move {
            let request = BatchRequest::new("w").inputs([Input::text("x".repeat(bytes))]);
            let batch = NewBatch::single(BatchId::generate(), valid(request));
            storage.insert(batch).await.unwrap()
        })
    };
    let first = insert(1);
    tokio::task::yield_now().await;
    kv.wait_for_a_commit();
    let others: Vec<_> = (0..inserts).map(|_| insert(input_bytes)).collect();
    tokio::task::yield_now().await;
    kv.release();
    assert_eq!(first.await.unwrap(), InsertReply::Stored);
    for other in others {
        assert_eq!(other.await.unwrap(), InsertReply::Stored);
    }
    kv.commits().split_off(1)
}

#[tokio::test]
async fn what_comes_during_a_commit_shares_the_next() {
    assert_eq!(commits_of(10, 1).await.len(), 1);
}

#[tokio::test]
async fn batches_that_share_a_commit_ask_once_how_much_room_there_is() {
    let commits = commits_of(10, 1).await;
    let asked: Vec<usize> = commits.iter().map(|commit| commit.asked).collect();
    assert_eq!(asked, [1]);
}

#[tokio::test]
async fn no_commit_grows_beyond_a_mebibyte_and_one_operation() {
    let each = 300 << 10;
    let commits = commits_of(10, each).await;
    let batches: Vec<usize> = commits.iter().map(|commit| commit.bytes / each).collect();
    assert_eq!(batches, [4, 4, 2]);
}

#[tokio::test]
async fn a_map_that_keeps_nothing_is_written_by_its_callers() {
    let (kv, _) = store(Durability::None).await;
    let here = std::thread::current().id();
    assert!(kv.commits().iter().all(|commit| commit.thread == here));
}

#[tokio::test]
async fn a_map_that_keeps_something_has_a_thread_of_its_own() {
    let (kv, _) = store(Durability::ProcessDeath).await;
    let last = kv.commits().pop().expect("the workflow was written");
    assert_ne!(last.thread, std::thread::current().id());
}
