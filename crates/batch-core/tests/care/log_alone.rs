use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use batch_core::id::BatchId;
use batch_core::kv::{KvOptions, verify_map};
use batch_core::redb::{RedbKv, RedbStorage};
use batch_core::sled::{SledKv, SledStorage};
use batch_core::storage::{ErrorKind, Storage, StorageError};
use tempfile::TempDir;

use super::work::{begin, submit, work};

const BATCHES: u32 = 8;
const LOG: &str = "db";
/// What sled puts before the place in the log up to which a snapshot tells of it.
const SNAPSHOT: &str = "snap.";
/// Within so much a place in the log is a place in its file.
const SEGMENT: u64 = 512 * 1_024;

/// A store on sled that was opened again, which is when sled makes a snapshot of its log.
async fn store_with_snapshot(path: &Path) -> Vec<BatchId> {
    let storage = SledStorage::open(path).unwrap();
    begin(&storage).await;
    let mut ids = Vec::new();
    for _ in 0..BATCHES {
        ids.push(submit(&storage, 3).await);
        work(&storage, 1).await;
    }
    drop(storage);
    drop(SledStorage::open(path).unwrap());
    ids
}

fn snapshot(store: &Path) -> (PathBuf, u64) {
    let names = fs::read_dir(store).unwrap().map(|e| e.unwrap().file_name());
    let name = names
        .map(|name| name.into_string().unwrap())
        .find(|name| name.starts_with(SNAPSHOT))
        .unwrap();
    let end = u64::from_str_radix(&name[SNAPSHOT.len()..], 16).unwrap();
    assert!(end < SEGMENT, "the store is too large: {end}");
    (store.join(name), end)
}

fn cut_log(store: &Path, bytes: u64) {
    let log = fs::File::options().write(true).open(store.join(LOG));
    log.unwrap().set_len(bytes).unwrap();
}

fn files(store: &Path) -> Vec<(OsString, Vec<u8>)> {
    let entries = fs::read_dir(store).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().is_file());
    let mut files: Vec<_> = files
        .map(|file| (file.file_name(), fs::read(file.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// How many of the batches a salvage keeps, and what it says of the store.
async fn salvage(store: &Path, ids: &[BatchId]) -> Result<(u32, Option<String>), StorageError> {
    let dir = TempDir::new().unwrap();
    let saved = dir.path().join("saved");
    let before = files(store);
    let rescued = SledKv::rescue(store, dir.path().join("scratch"));
    assert_eq!(files(store), before, "the source is not changed");
    let rescued = rescued?;
    RedbKv::salvage_into(&saved, &rescued, &KvOptions::default())?;
    let sound = verify_map(&RedbKv::open(&saved)?).unwrap();
    assert!(sound.is_sound(), "{sound}");
    let storage = RedbStorage::open(&saved)?;
    let mut kept = 0;
    for id in ids {
        kept += u32::from(storage.batch(*id).await?.is_some());
    }
    Ok((kept, rescued.missing))
}

#[tokio::test]
async fn a_log_of_sled_that_ends_before_its_snapshot_is_read_up_to_its_end() {
    let dir = TempDir::new().unwrap();
    let ids = store_with_snapshot(dir.path()).await;
    let (_, end) = snapshot(dir.path());
    cut_log(dir.path(), end / 2);

    let (kept, missing) = salvage(dir.path(), &ids).await.unwrap();

    assert!(kept > 0 && kept < BATCHES, "{kept}");
    assert!(missing.unwrap().contains("ends at commit"));
}

#[tokio::test]
async fn a_damaged_snapshot_of_a_whole_log_of_sled_costs_no_batch() {
    let dir = TempDir::new().unwrap();
    let ids = store_with_snapshot(dir.path()).await;
    let (file, _) = snapshot(dir.path());
    let mut bytes = fs::read(&file).unwrap();
    bytes[0] ^= 0x55;
    fs::write(file, bytes).unwrap();

    let (kept, missing) = salvage(dir.path(), &ids).await.unwrap();

    assert_eq!((kept, missing), (BATCHES, None));
}

#[tokio::test]
async fn a_log_of_sled_of_which_nothing_is_left_is_an_error_and_no_empty_store() {
    let dir = TempDir::new().unwrap();
    let ids = store_with_snapshot(dir.path()).await;
    cut_log(dir.path(), 100);

    let error = salvage(dir.path(), &ids).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Damaged);
}
