use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use batch_core::kv::{KvError, OrderedKv, WriteBatch};
use batch_core::sled::{SledKv, SledOptions};
use batch_core::storage::ErrorKind;

use crate::script::{batch, commits_in, content};

/// A file system of so many MiB.
struct SmallDisk {
    at: tempfile::TempDir,
}

impl SmallDisk {
    fn of_mib(mib: u32) -> Self {
        let at = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "mounting needs privileges");
        Self { at }
    }

    fn store(&self) -> PathBuf {
        self.at.path().join("store")
    }

    /// Takes all room that is left.
    fn fill(&self) -> PathBuf {
        let path = self.at.path().join("filler");
        let mut left = 1 << 20;
        let mut file = fs::File::create(&path).unwrap();
        while left > 0 {
            if std::io::Write::write_all(&mut file, &vec![1; left]).is_err() {
                left /= 2;
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.at.path()).status();
    }
}

fn options(ballast_bytes: u64) -> SledOptions {
    SledOptions {
        ballast_bytes,
        ..crate::script::options()
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
    let most = disk.at.path().join("most");
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
    fs::write(disk.at.path().join("most"), vec![1; 6 << 20]).unwrap();
    let (acknowledged, _) = fill_with_commits(&disk.store(), 0);
    let filler = disk.fill();

    let error = SledKv::open_with(disk.store(), &options(0)).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().contains(disk.store().to_str().unwrap()),
        "{error}"
    );
    fs::remove_file(filler).unwrap();
    fs::remove_file(disk.at.path().join("most")).unwrap();
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
