use std::fs;

use batch_core::kv::{OrderedKv, WriteBatch};
use batch_core::sled::{OpenCheck, SledKv, SledOptions};
use batch_core::storage::ErrorKind;

use crate::backend::{open, options};
use crate::opening::{refused, store_with, whole};
use crate::script::{after, batch, content};

#[test]
fn a_sled_database_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(::sled::open(dir.path()).unwrap());
    let before = fs::read_dir(dir.path()).unwrap().count();

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(whole(&error).contains("sled database"), "{}", whole(&error));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), before);
}

#[test]
fn a_log_older_than_the_mark_is_damaged_and_both_numbers_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    let path = dir.path().join("store");
    store_with(&path, 2);
    fs::create_dir(&old).unwrap();
    for name in ["db", "conf"] {
        fs::copy(path.join(name), old.join(name)).unwrap();
    }
    let mut kv = open(&path).unwrap();
    (3..=5).for_each(|n| kv.commit(batch(n)).unwrap());
    drop(kv);
    for entry in fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_str().unwrap().starts_with("snap.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    fs::copy(old.join("db"), path.join("db")).unwrap();

    let error = refused(&path);

    assert_eq!(error.kind(), ErrorKind::Damaged);
    let text = error.to_string();
    assert!(
        text.contains("commit 5") && text.contains("commit 2"),
        "{text}"
    );
}

#[test]
fn a_creation_that_was_cut_short_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("batchyard.mark.new"), "").unwrap();
    fs::write(dir.path().join("db"), "half").unwrap();
    fs::write(dir.path().join("conf"), "segment_size: 5").unwrap();
    fs::create_dir(dir.path().join("blobs")).unwrap();

    store_with(dir.path(), 3);

    let kv = open(dir.path()).unwrap();
    assert_eq!(content(&kv).unwrap(), after(3));
}

/// sled killed while it recovers leaves such a file, and refuses to open from then on.
#[test]
fn a_half_written_snapshot_does_not_keep_the_store_shut() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 20);
    let half = dir.path().join("snap.00000000FFFFFFFF.generating");
    fs::write(&half, [7; 100]).unwrap();
    assert!(
        ::sled::open(dir.path()).is_err(),
        "sled itself copes: no need to remove the file"
    );
    fs::write(&half, [7; 100]).unwrap();

    let kv = open(dir.path()).unwrap();

    assert_eq!(content(&kv).unwrap(), after(20));
    assert!(!half.exists());
}

#[test]
fn a_store_that_sled_itself_holds_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 1);
    let _raw = ::sled::open(dir.path()).unwrap();
    assert_eq!(refused(dir.path()).kind(), ErrorKind::Locked);
}

#[test]
fn the_ballast_is_on_the_disk_from_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let options = SledOptions::default();
    drop(SledKv::open_with(dir.path(), &options).unwrap());
    let ballast = fs::metadata(dir.path().join("batchyard.ballast")).unwrap();
    assert_eq!(ballast.len(), options.ballast_bytes);
}

/// sled reverts rows in silence when it skips what it cannot read.
#[test]
fn a_row_that_fell_back_to_an_older_value_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    for value in [b"old", b"new"] {
        let mut writes = WriteBatch::new();
        writes.put(b"row".to_vec(), value.to_vec());
        kv.commit(writes).unwrap();
    }
    drop(kv);
    let raw = ::sled::open(dir.path()).unwrap();
    raw.insert(b"row", b"old").unwrap();
    drop(raw);

    assert_eq!(refused(dir.path()).kind(), ErrorKind::Damaged);
    let unchecked = SledOptions {
        check: OpenCheck::LastCommit,
        ..options()
    };
    assert!(SledKv::open_with(dir.path(), &unchecked).is_ok());
}
