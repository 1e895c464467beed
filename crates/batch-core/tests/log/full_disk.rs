use std::fs;

use batch_core::kv::{KvOptions, KvStorage, OrderedKv};
use batch_core::storage::ErrorKind;

use crate::backend::open;
use crate::script::{batch, commits_in, content};
use crate::small_disk::SmallDisk;

#[test]
#[ignore = "needs to mount a tmpfs"]
fn a_full_disk_costs_no_acknowledged_commit_and_the_map_opens_on_it() {
    let disk = SmallDisk::of_mib(8);
    let mut kv = open(disk.store()).unwrap();
    let all_but_a_little = (8 << 20) - (300 << 10);
    fs::write(disk.path().join("most"), vec![1; all_but_a_little]).unwrap();
    let mut acknowledged = 0;
    let error = loop {
        match kv.commit(batch(acknowledged + 1)) {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 10_000, "the disk never fills");
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(kv.commit(batch(1)).unwrap_err().kind(), ErrorKind::Refusing);
    drop(kv);
    disk.fill();

    let kv = open(disk.store()).unwrap();

    let held = commits_in(&content(&kv).unwrap()).unwrap();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&held),
        "{held} of {acknowledged}"
    );
    drop(kv);
    fs::remove_file(disk.path().join("most")).unwrap();
    open(disk.store()).unwrap().commit(batch(held + 1)).unwrap();
}

/// Opening a store writes a commit, and there is room for a few in what the last page has left.
#[test]
#[ignore = "needs to mount a tmpfs"]
fn a_store_on_a_full_disk_says_that_there_is_no_room_and_opens_when_there_is() {
    let disk = SmallDisk::of_mib(8);
    let start = || KvStorage::start(open(disk.store()).unwrap(), KvOptions::default());
    drop(start().unwrap());
    let filler = disk.fill();

    let mut openings = std::iter::repeat_with(start).take(1_000);
    let error = openings.find_map(Result::err).unwrap();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string();
    assert!(text.contains(disk.store().to_str().unwrap()), "{text}");
    fs::remove_file(filler).unwrap();
    start().unwrap();
}
