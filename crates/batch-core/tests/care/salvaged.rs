use std::fs;
use std::path::Path;

use batch_core::id::BatchId;
use batch_core::kv::{KvOptions, KvStorage, OrderedKv, SalvageReport, verify_map};
use batch_core::redb::{RedbKv, RedbStorage};
use batch_core::sled::{SledKv, SledStorage};
use batch_core::storage::{Storage, StorageError};
use tempfile::TempDir;

use super::work::{begin, submit, work};

const BATCHES: u32 = 8;
/// Places at which the file is damaged, each in a store of its own.
const PLACES: u64 = 12;

async fn fill(storage: impl Storage) -> Vec<BatchId> {
    begin(&storage).await;
    let mut ids = Vec::new();
    for _ in 0..BATCHES {
        ids.push(submit(&storage, 30).await);
        work(&storage, 12).await;
    }
    ids
}

/// Overwrites a piece of a file, as a bad disk does.
fn damage(file: &Path, place: u64) {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.len() * usize::try_from(place).unwrap() / usize::try_from(PLACES).unwrap();
    for byte in &mut bytes[at..].iter_mut().take(40) {
        *byte ^= 0x55;
    }
    fs::write(file, bytes).unwrap();
}

/// What was kept is sound and whole; what was not is named.
async fn check<K: OrderedKv>(map: K, report: &SalvageReport, ids: &[BatchId]) -> u32 {
    let sound = verify_map(&map).unwrap();
    assert!(sound.is_sound(), "{sound}\n{report}");
    let store = KvStorage::start(map, KvOptions::default()).unwrap();
    let mut kept = 0;
    for id in ids {
        match store.batch(*id).await.unwrap() {
            Some(batch) => {
                assert_eq!(batch.counts.total(), 30);
                kept += 1;
            }
            None => {
                // A database that lost all of a batch without a trace cannot name it.
                let text = report.to_string();
                let named = text.contains(&id.to_string()) || text.contains("named by nothing");
                assert!(named, "{id} is gone:\n{report}");
            }
        }
    }
    kept
}

/// What came of trials on one backend.
#[derive(Debug, Default)]
struct Tally {
    kept: u32,
    unreadable: u32,
}

impl Tally {
    fn print(&self, backend: &str) {
        println!("{backend}: {PLACES} damaged files, {self:?} of {BATCHES} batches each");
    }
}

#[tokio::test]
async fn what_is_whole_in_a_damaged_file_of_redb_is_kept() {
    let dir = TempDir::new().unwrap();
    let from = dir.path().join("store");
    let ids = fill(RedbStorage::open(&from).unwrap()).await;
    let file = from.join("store.redb");
    let whole = fs::read(&file).unwrap();
    let mut tally = Tally::default();
    for place in 0..PLACES {
        fs::write(&file, &whole).unwrap();
        damage(&file, place);
        let damaged = fs::read(&file).unwrap();
        let to = dir.path().join(format!("to{place}"));
        let saved = save_redb(&from, &dir.path().join(format!("scratch{place}")), &to);
        assert_eq!(
            fs::read(&file).unwrap(),
            damaged,
            "the source is not changed"
        );
        match saved {
            Ok(report) => tally.kept += check(RedbKv::open(&to).unwrap(), &report, &ids).await,
            Err(error) => {
                assert!(!to.exists(), "{error}");
                tally.unreadable += 1;
            }
        }
    }
    tally.print("redb");
    assert!(tally.kept > BATCHES, "{tally:?}");
}

fn save_redb(from: &Path, scratch: &Path, to: &Path) -> Result<SalvageReport, StorageError> {
    let map = RedbKv::rescue(from, scratch)?;
    RedbKv::salvage_into(to, &map, &KvOptions::default())
}

#[tokio::test]
async fn what_is_whole_in_a_damaged_log_of_sled_is_kept() {
    let dir = TempDir::new().unwrap();
    let from = dir.path().join("store");
    let ids = fill(SledStorage::open(&from).unwrap()).await;
    let file = from.join("db");
    let whole = fs::read(&file).unwrap();
    let mut tally = Tally::default();
    for place in 0..PLACES {
        fs::write(&file, &whole).unwrap();
        damage(&file, place);
        let damaged = fs::read(&file).unwrap();
        let to = dir.path().join(format!("to{place}"));
        let saved = save_sled(&from, &dir.path().join(format!("scratch{place}")), &to);
        assert_eq!(
            fs::read(&file).unwrap(),
            damaged,
            "the source is not changed"
        );
        match saved {
            Ok(report) => tally.kept += check(RedbKv::open(&to).unwrap(), &report, &ids).await,
            Err(error) => {
                assert!(!to.exists(), "{error}");
                tally.unreadable += 1;
            }
        }
    }
    tally.print("sled");
    assert!(tally.kept > BATCHES, "{tally:?}");
}

fn save_sled(from: &Path, scratch: &Path, to: &Path) -> Result<SalvageReport, StorageError> {
    let map = SledKv::rescue(from, scratch)?;
    RedbKv::salvage_into(to, &map, &KvOptions::default())
}
