use std::fs;
use std::path::Path;

use batch_core::embedded::Backend;
use batch_core::kv::OrderedKv;
use batch_core::storage::ErrorKind;

use crate::backend::{FIRST, open, open_by_default};
use crate::data_files::data_files;
use crate::opening::{refused, store_with, whole};
use crate::script::{after, batch, content};

const MARK: &str = "batchyard.mark";

#[test]
fn a_log_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FIRST), "GET / 200\n").unwrap();

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(whole(&error).contains("log database"), "{}", whole(&error));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_log_older_than_the_mark_is_damaged_and_both_numbers_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (path, old) = (dir.path().join("store"), dir.path().join("old"));
    let mut kv = open_by_default(&path).unwrap();
    (1..=2).for_each(|n| kv.commit(batch(n)).unwrap());
    fs::copy(path.join(FIRST), &old).unwrap();
    kv.commit(batch(3)).unwrap();
    drop(kv);
    fs::copy(old, path.join(FIRST)).unwrap();

    let error = refused(&path);

    assert_eq!(error.kind(), ErrorKind::Damaged);
    let text = error.to_string();
    assert!(
        text.contains("commit 3") && text.contains("commit 2"),
        "{text}"
    );
}

#[test]
fn a_segment_that_is_missing_is_damage_wherever_it_stood() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    store_with(&path, 20);
    let files = data_files(&path);
    assert!(files.len() > 4, "{files:?}");
    for file in &files {
        let kept = fs::read(file).unwrap();
        fs::remove_file(file).unwrap();
        let error = refused(&path);
        assert_eq!(error.kind(), ErrorKind::Damaged, "{file:?}: {error}");
        fs::write(file, kept).unwrap();
    }
    assert_eq!(content(&open(&path).unwrap()).unwrap(), after(20));
}

#[test]
fn a_segment_under_the_name_of_another_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 20);
    let files = data_files(dir.path());
    fs::copy(&files[0], &files[1]).unwrap();
    assert_eq!(refused(dir.path()).kind(), ErrorKind::Damaged);
}

#[test]
fn a_creation_that_was_cut_short_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("batchyard.mark.new"), "").unwrap();
    fs::write(dir.path().join(FIRST), "half").unwrap();

    store_with(dir.path(), 3);

    assert_eq!(content(&open(dir.path()).unwrap()).unwrap(), after(3));
}

/// A segment is made before its first commit; what is cut short of that has nothing in it.
#[test]
fn a_segment_whose_making_was_cut_short_costs_nothing_and_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 20);
    let newest = data_files(dir.path()).pop().unwrap();
    let number: u64 = newest
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let next = dir.path().join(format!("{:010}.log", number + 1));
    for begun in ["", "BATCHLOG", &"\0".repeat(36)] {
        fs::write(&next, begun).unwrap();
        assert_eq!(content(&open(dir.path()).unwrap()).unwrap(), after(20));
        assert!(!next.exists());
    }
    let mut kv = open(dir.path()).unwrap();
    (21..=40).for_each(|n| kv.commit(batch(n)).unwrap());
    assert!(next.exists());
}

#[test]
fn a_segment_of_a_newer_format_is_refused_as_that() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 1);
    let mut bytes = fs::read(dir.path().join(FIRST)).unwrap();
    bytes[8] = 9;
    let sum = crc32fast::hash(&bytes[..32]);
    bytes[32..36].copy_from_slice(&sum.to_le_bytes());
    fs::write(dir.path().join(FIRST), bytes).unwrap();

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::NewerFormat);
    assert!(error.to_string().contains("format 9"), "{error}");
}

/// A power cut may leave the deletion of a file undone.
#[test]
fn a_segment_that_is_not_needed_any_more_is_deleted_at_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (path, old) = (dir.path().join("store"), dir.path().join("old"));
    store_with(&path, 1);
    let mut kv = open(&path).unwrap();
    let mut n = 1;
    while data_files(&path)[0].ends_with(FIRST) {
        let _ = fs::copy(path.join(FIRST), &old);
        n += 1;
        kv.commit(batch(n)).unwrap();
    }
    drop(kv);
    fs::copy(&old, path.join(FIRST)).unwrap();

    assert_eq!(content(&open(&path).unwrap()).unwrap(), after(n));
    assert!(!path.join(FIRST).exists());
}

#[test]
fn a_directory_says_that_its_store_is_a_log() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 1);
    assert_eq!(Backend::of_store(dir.path()).unwrap(), Some(Backend::Log));
    fs::remove_file(dir.path().join(MARK)).unwrap();
    let error = Backend::of_store(dir.path()).unwrap_err();
    assert!(whole_of(&error, dir.path()), "{error}");
}

fn whole_of(error: &batch_core::kv::KvError, dir: &Path) -> bool {
    whole(error).contains("log database") && error.to_string().contains(dir.to_str().unwrap())
}

#[test]
#[cfg(feature = "redb")]
fn a_store_on_redb_is_refused_by_name_and_the_other_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let [redb, log] = ["redb", "log"].map(|name| dir.path().join(name));
    drop(batch_core::redb::RedbKv::open(&redb).unwrap());
    store_with(&log, 2);

    let error = refused(&redb);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        whole(&error).contains("a store on redb as one on log"),
        "{}",
        whole(&error)
    );
    let error = batch_core::redb::RedbKv::open(&log).unwrap_err();
    assert!(
        whole(&error).contains("a store on log as one on redb"),
        "{}",
        whole(&error)
    );

    batch_core::redb::RedbKv::open(&redb).unwrap();
    assert_eq!(content(&open(&log).unwrap()).unwrap(), after(2));
}
