use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use batch_core::engine::{BatchHandle, Engine, HandleError};
use batch_core::id::WorkflowId;
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::request::Input;
use batch_core::storage::{
    ClaimRequest, ClaimedRun, Disposition, ErrorKind, Settlement, Storage, StorageError,
};

use crate::backend::{Kv, open};

/// Runs that wait in the store; more than are ever claimed here.
const RUNS: u64 = 1_000;
const HELD: u32 = 40;

fn start(path: &Path) -> Result<KvStorage<Kv>, StorageError> {
    KvStorage::start(open(path)?, KvOptions::default())
}

async fn engine(path: &Path) -> Engine {
    Engine::open(start(path).unwrap()).await.unwrap()
}

async fn submit(engine: &Engine) -> BatchHandle {
    let workflow = WorkflowId::new("w").unwrap();
    engine.ensure_deployed(workflow).await.unwrap();
    let inputs = (0..RUNS).map(|n| Input::text(format!("text {n}")));
    engine.submit("w", inputs).await.unwrap()
}

async fn claim(storage: &dyn Storage, most: u32) -> Vec<ClaimedRun> {
    let workflow = WorkflowId::new("w").unwrap();
    let most = NonZeroU32::new(most).unwrap();
    let request = ClaimRequest::new(vec![workflow], most);
    storage.claim(request).await.unwrap().runs
}

fn settlement(run: ClaimedRun) -> Settlement {
    Settlement::new(run.claim, Disposition::Processed { output: None })
}

#[tokio::test]
async fn a_store_with_1000_runs_is_closed_and_opened_again_at_once_with_all_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut open = engine(dir.path()).await;
    let id = submit(&open).await.id();
    let mut left = Vec::new();
    let mut ended = 0;
    // Seven times: a run that was interrupted so often would be taken for what kills processes.
    for _ in 0..7 {
        let storage = Arc::clone(open.storage());
        let mut held = claim(&*storage, HELD).await;
        assert!(held.iter().all(|run| run.interruptions == 0));
        assert_eq!(held.len(), HELD as usize);
        let done = held.split_off(HELD as usize / 2);
        ended += done.len() as u64;
        let done = done.into_iter().map(settlement).collect();
        storage.settle(done).await.unwrap();
        open.close().await.unwrap();
        // Handles, engines and held runs of before are alive all the while.
        left.push((open.clone(), open.batch_handle(id), storage, held));
        open = engine(dir.path()).await;
        let counts = open.batch(id).await.unwrap().unwrap().counts;
        assert_eq!((counts.pending, counts.processed), (RUNS - ended, ended));
        assert_eq!(counts.total(), RUNS);
    }
    for (engine, handle, storage, held) in left {
        let late = held.into_iter().map(settlement).collect();
        let refused = [
            storage.settle(late).await.unwrap_err(),
            engine.batch(id).await.unwrap_err(),
        ];
        assert!(refused.iter().all(|e| e.kind() == ErrorKind::Closed));
        let told = handle.wait().await.unwrap_err();
        let is_closed = |e: &StorageError| e.kind() == ErrorKind::Closed;
        assert!(
            matches!(&told, HandleError::Storage(e) if is_closed(e)),
            "{told}"
        );
    }
    let mut executed = ended;
    loop {
        let runs = claim(&**open.storage(), 500).await;
        if runs.is_empty() {
            break;
        }
        executed += runs.len() as u64;
        let done = runs.into_iter().map(settlement).collect();
        open.storage().settle(done).await.unwrap();
    }
    assert_eq!(executed, RUNS);
    assert!(open.batch(id).await.unwrap().unwrap().is_finished());
}

#[tokio::test]
async fn a_store_that_is_open_is_refused_until_it_is_closed_and_then_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let first = engine(dir.path()).await;
    let refused = start(dir.path()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Locked, "{refused}");
    first.close().await.unwrap();
    for _ in 0..20 {
        let next = start(dir.path()).unwrap();
        next.close().await.unwrap();
        next.close().await.unwrap();
    }
    let said = first.batches(Default::default()).await.unwrap_err();
    assert_eq!(
        said.to_string(),
        "could not reach the store: it is closed; open it again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_batch_is_told_when_its_store_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let open = engine(dir.path()).await;
    let handle = submit(&open).await;
    let waiter = tokio::spawn(async move { handle.wait().await });
    tokio::task::yield_now().await;
    open.close().await.unwrap();
    let told = waiter.await.unwrap().unwrap_err();
    assert!(told.to_string().contains("closed"), "{told}");
}
