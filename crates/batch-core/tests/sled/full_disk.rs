use std::fs;
use std::path::Path;

use batch_core::kv::{KvError, OrderedKv, WriteBatch};
use batch_core::sled::{SledKv, SledOptions};
use batch_core::storage::ErrorKind;

use crate::script::{batch, commits_in, content};
use crate::small_disk::SmallDisk;

fn options(ballast_bytes: u64) -> SledOptions {
    SledOptions {
        ballast_bytes,
        ..crate::backend::options()
    }
}

/// Commits until the disk is full; gives how many commits were acknowledged.
fn fill_with_commits(store: &Path, ballast_bytes: u64) -> (u64, KvError) {
    let mut kv = SledKv::open_with(store, &options(ballast_bytes)).unwrap();
    let mut n = commits_in(&content(&kv).unwrap()).unwrap();
    loop {
        if let Err(error) = kv.commit(batch(n + 1)) {
            return (n, error);
        }
        n += 1;
        assert!(n < 10_000, "the disk never fills");
    }
}

#[test]
#[ignore = "needs to mount a tmpfs"]
fn a_store_on_a_full_disk_opens_by_giving_up_its_ballast_and_has_all_commits() {
    let disk = SmallDisk::of_mib(12);
    let ballast = disk.store().join("batchyard.ballast");
    drop(SledKv::open_with(disk.store(), &options(4 << 20)).unwrap());
    let most = disk.path().join("most");
    fs::write(&most, vec![1; 5 << 20]).unwrap();
    let (acknowledged, error) = fill_with_commits(&disk.store(), 4 << 20);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    disk.fill();
    assert!(ballast.exists());
    assert!(
        ::sled::open(disk.store()).is_err(),
        "sled itself opens: no need for ballast"
    );

    let kv = SledKv::open_with(disk.store(), &options(4 << 20)).unwrap();

    let held = commits_in(&content(&kv).unwrap()).unwrap();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&held),
        "{held} of {acknowledged}"
    );
    assert!(!ballast.exists());
    drop(kv);
    fs::remove_file(most).unwrap();
    let mut kv = SledKv::open_with(disk.store(), &options(4 << 20)).unwrap();
    assert!(ballast.exists(), "taken again once there is room");
    kv.commit(batch(held + 1)).unwrap();
}

#[test]
#[ignore = "needs to mount a tmpfs"]
fn a_full_disk_without_ballast_is_a_typed_error_and_opens_when_there_is_room() {
    let disk = SmallDisk::of_mib(8);
    drop(SledKv::open_with(disk.store(), &options(0)).unwrap());
    fs::write(disk.path().join("most"), vec![1; 6 << 20]).unwrap();
    let (acknowledged, _) = fill_with_commits(&disk.store(), 0);
    let filler = disk.fill();

    let error = SledKv::open_with(disk.store(), &options(0)).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().contains(disk.store().to_str().unwrap()),
        "{error}"
    );
    fs::remove_file(filler).unwrap();
    fs::remove_file(disk.path().join("most")).unwrap();
    let kv = SledKv::open_with(disk.store(), &options(0)).unwrap();
    let held = commits_in(&content(&kv).unwrap()).unwrap();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&held),
        "{held} of {acknowledged}"
    );
}

#[test]
#[ignore = "needs to mount a tmpfs"]
fn a_store_that_does_not_fit_is_not_made_and_leaves_no_ballast() {
    let disk = SmallDisk::of_mib(2);

    let error = SledKv::open_with(disk.store(), &options(4 << 20)).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!disk.store().join("batchyard.ballast").exists());
    let mut kv = SledKv::open_with(disk.store(), &options(0)).unwrap();
    let mut writes = WriteBatch::new();
    writes.put(b"k".to_vec(), b"v".to_vec());
    kv.commit(writes).unwrap();
}
