use std::fs;
use std::path::Path;

use batch_core::id::BatchId;
use batch_core::kv::{
    KvError, KvOptions, KvStorage, OrderedKv, Rescued, SalvageReport, verify_map,
};
use batch_core::log::{LogKv, LogStorage};
use batch_core::redb::{RedbKv, RedbStorage};
use batch_core::sled::{SledKv, SledStorage};
use batch_core::storage::Storage;
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

/// Damages the file of a store in one place after another, and saves what is whole each time.
async fn damage_and_save<K: OrderedKv>(
    ids: &[BatchId],
    file: &Path,
    rescue: impl Fn(&Path, &Path) -> Result<Rescued<K>, KvError>,
) -> Tally {
    let dir = TempDir::new().unwrap();
    let from = file.parent().unwrap();
    let whole = fs::read(file).unwrap();
    let mut tally = Tally::default();
    for place in 0..PLACES {
        fs::write(file, &whole).unwrap();
        damage(file, place);
        let damaged = fs::read(file).unwrap();
        let to = dir.path().join(format!("to{place}"));
        let scratch = dir.path().join(format!("scratch{place}"));
        let saved = rescue(from, &scratch)
            .and_then(|map| RedbKv::salvage_into(&to, &map, &KvOptions::default()));
        let after = fs::read(file).unwrap();
        assert_eq!(after, damaged, "the source is not changed");
        match saved {
            Ok(report) => tally.kept += check(RedbKv::open(&to).unwrap(), &report, ids).await,
            Err(error) => {
                assert!(!to.exists(), "{error}");
                tally.unreadable += 1;
            }
        }
    }
    tally
}

/// More than one of the stores kept something.
fn check_tally(tally: &Tally, backend: &str) {
    println!("{backend}: {PLACES} damaged files, {tally:?} of {BATCHES} batches each");
    assert!(tally.kept > BATCHES, "{tally:?}");
}

#[tokio::test]
async fn what_is_whole_in_a_damaged_file_of_redb_is_kept() {
    let dir = TempDir::new().unwrap();
    let ids = fill(RedbStorage::open(dir.path()).unwrap()).await;
    let file = dir.path().join("store.redb");
    let rescue = |from: &Path, scratch: &Path| RedbKv::rescue(from, scratch);
    let tally = damage_and_save(&ids, &file, rescue).await;
    check_tally(&tally, "redb");
}

#[tokio::test]
async fn what_is_whole_in_a_damaged_log_of_our_own_is_kept() {
    let dir = TempDir::new().unwrap();
    let ids = fill(LogStorage::open(dir.path()).unwrap()).await;
    let file = dir.path().join("0000000001.log");
    let rescue = |from: &Path, scratch: &Path| LogKv::rescue(from, scratch);
    let tally = damage_and_save(&ids, &file, rescue).await;
    check_tally(&tally, "log");
}

#[tokio::test]
async fn what_is_whole_in_a_damaged_log_of_sled_is_kept() {
    let dir = TempDir::new().unwrap();
    let ids = fill(SledStorage::open(dir.path()).unwrap()).await;
    let file = dir.path().join("db");
    let rescue = |from: &Path, scratch: &Path| SledKv::rescue(from, scratch);
    let tally = damage_and_save(&ids, &file, rescue).await;
    check_tally(&tally, "sled");
}
