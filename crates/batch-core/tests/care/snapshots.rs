use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use batch_core::id::BatchId;
use batch_core::kv::{KvStorage, OrderedKv, verify_map};
use batch_core::log::{LogKv, LogStorage};
use batch_core::redb::{RedbKv, RedbStorage};
use batch_core::sled::{SledKv, SledStorage};
use batch_core::storage::{ErrorKind, Storage};
use tempfile::TempDir;

use super::work::{begin, submit, work};

const WRITERS: usize = 6;

/// Many tasks submit, claim and settle until they are told to stop; gives how much they did.
struct Writers {
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<u32>>,
}

impl Writers {
    fn start<K: OrderedKv>(storage: &Arc<KvStorage<K>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = (0..WRITERS).map(|n| {
            let (storage, stop) = (Arc::clone(storage), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut done = 0;
                while done < 300 && !stop.load(Ordering::Relaxed) {
                    match n % 2 {
                        0 => drop(submit(&*storage, 5).await),
                        _ => work(&*storage, 7).await,
                    }
                    done += 1;
                }
                done
            })
        });
        let tasks = tasks.collect();
        Self { stop, tasks }
    }

    async fn stop(self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        let mut done = 0;
        for task in self.tasks {
            done += task.await.unwrap();
        }
        done
    }
}

async fn check_copy<K: OrderedKv>(map: K, acknowledged: &[BatchId]) {
    let report = verify_map(&map).unwrap();
    assert!(report.is_sound(), "{report}");
    let copy = KvStorage::start(map, Default::default()).unwrap();
    for id in acknowledged {
        let batch = copy.batch(*id).await.unwrap();
        let batch = batch.unwrap_or_else(|| panic!("{id} was acknowledged and is missing"));
        assert_eq!(batch.counts.total(), 30);
        assert_eq!(batch.counts.processing, 0, "what was held waits again");
    }
    work(&copy, 50).await;
    let report = copy.verify().await.unwrap();
    assert!(report.is_sound(), "{report}");
}

/// Gives what was acknowledged before the copying began.
async fn before<K: OrderedKv>(storage: &Arc<KvStorage<K>>) -> Vec<BatchId> {
    begin(&**storage).await;
    let mut acknowledged = Vec::new();
    for _ in 0..20 {
        acknowledged.push(submit(&**storage, 30).await);
        work(&**storage, 9).await;
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_store_on_sled_is_checked_and_moves_to_redb_while_writers_work() {
    let dir = TempDir::new().unwrap();
    let to = dir.path().join("copy");
    let storage = Arc::new(SledStorage::open(dir.path().join("store")).unwrap());
    let acknowledged = before(&storage).await;
    let writers = Writers::start(&storage);
    let copied = storage.snapshot_to_redb(&to).await.unwrap();
    let live = storage.verify().await.unwrap();
    assert!(writers.stop().await > 0);
    assert!(live.is_sound(), "{live}");
    assert!(copied.records > 100);
    check_copy(RedbKv::open(&to).unwrap(), &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_store_on_redb_is_checked_and_moves_to_sled_while_writers_work() {
    let dir = TempDir::new().unwrap();
    let to = dir.path().join("copy");
    let storage = Arc::new(RedbStorage::open(dir.path().join("store")).unwrap());
    let acknowledged = before(&storage).await;
    let writers = Writers::start(&storage);
    storage.snapshot_to_sled(&to).await.unwrap();
    let live = storage.verify().await.unwrap();
    assert!(writers.stop().await > 0);
    assert!(live.is_sound(), "{live}");
    check_copy(SledKv::open(&to).unwrap(), &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_store_on_a_log_is_checked_and_moves_to_another_log_while_writers_work() {
    let dir = TempDir::new().unwrap();
    let to = dir.path().join("copy");
    let storage = Arc::new(LogStorage::open(dir.path().join("store")).unwrap());
    let acknowledged = before(&storage).await;
    let writers = Writers::start(&storage);
    storage.snapshot_to_log(&to).await.unwrap();
    let live = storage.verify().await.unwrap();
    assert!(writers.stop().await > 0);
    assert!(live.is_sound(), "{live}");
    check_copy(LogKv::open(&to).unwrap(), &acknowledged).await;
}

#[tokio::test]
async fn a_copy_that_is_given_up_midway_leaves_nothing_and_the_store_as_it_was() {
    let dir = TempDir::new().unwrap();
    let storage = Arc::new(RedbStorage::open(dir.path().join("store")).unwrap());
    before(&storage).await;
    let to = dir.path().join("copy");
    let copying = storage.snapshot_to_redb(&to);
    let given_up = tokio::time::timeout(Duration::ZERO, copying).await;
    assert!(given_up.is_err(), "it was over at once");
    let names = dir.path().read_dir().unwrap().count();
    assert_eq!(names, 1, "only the store itself");
    storage.snapshot_to_redb(&to).await.unwrap();
    assert!(verify_map(&RedbKv::open(&to).unwrap()).unwrap().is_sound());
}

#[tokio::test]
async fn a_directory_that_holds_something_is_refused() {
    let dir = TempDir::new().unwrap();
    let storage = RedbStorage::open(dir.path().join("store")).unwrap();
    let error = storage.snapshot_to_redb(dir.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().ends_with("it is not empty"), "{error}");
}
