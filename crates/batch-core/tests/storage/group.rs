//! What callers share when they come at once: commits.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::id::BatchId;
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::request::{BatchRequest, Input};
use batch_core::storage::{
    ClaimRequest, Claimed, Durability, InsertReply, NewBatch, Storage, StorageError, WorkflowChange,
};
use tokio::task::JoinHandle;

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

/// A claim that waits, once it has arrived.
async fn waiting_claim(
    storage: &Arc<KvStorage<GatedKv>>,
) -> JoinHandle<Result<Claimed, StorageError>> {
    let mut request = ClaimRequest::new(vec![workflow()], NonZeroU32::new(2).unwrap());
    request.patience = Duration::from_secs(20);
    let claimer = Arc::clone(storage);
    let claim = tokio::spawn(async move { claimer.claim(request).await });
    tokio::task::yield_now().await;
    storage.sinks().await.unwrap();
    claim
}

#[tokio::test]
async fn a_claim_that_waits_shares_the_commit_of_what_it_gets() {
    for durability in [Durability::None, Durability::ProcessDeath] {
        let (kv, storage) = store(durability).await;
        let claim = waiting_claim(&storage).await;
        let before = kv.commits().len();
        let request = BatchRequest::new("w").inputs([Input::text("a"), Input::text("b")]);
        let batch = NewBatch::single(BatchId::generate(), valid(request));
        assert_eq!(storage.insert(batch).await.unwrap(), InsertReply::Stored);
        assert_eq!(claim.await.unwrap().unwrap().runs.len(), 2);
        assert_eq!(kv.commits().len() - before, 1, "{durability}");
    }
}

#[tokio::test]
async fn reads_and_claims_that_wait_commit_nothing() {
    let (kv, storage) = store(Durability::ProcessDeath).await;
    let before = kv.commits().len();
    let claims = [waiting_claim(&storage).await, waiting_claim(&storage).await];
    for _ in 0..10 {
        storage.sinks().await.unwrap();
    }
    assert_eq!(kv.commits().len(), before);
    assert!(claims.iter().all(|claim| !claim.is_finished()));
    claims.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn a_store_is_dropped_though_a_claim_waited_in_it() {
    for durability in [Durability::None, Durability::ProcessDeath] {
        let (kv, storage) = store(durability).await;
        let claim = waiting_claim(&storage).await;
        claim.abort();
        assert!(claim.await.unwrap_err().is_cancelled());
        drop(storage);
        assert_eq!(kv.owners(), 1, "{durability}: somebody has the map");
    }
}
