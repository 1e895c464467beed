use std::fs;

#[cfg(feature = "sled")]
use batch_core::embedded::Backend;
use batch_core::kv::OrderedKv;
use batch_core::redb::{RedbCheck, RedbKv, RedbOptions, RedbRepair};
use batch_core::storage::ErrorKind;

use crate::backend::{DATA, open, options};
use crate::child::{Place, Task, command};
use crate::opening::{refused, store_with, whole};
use crate::script::{after, batch, commits_in, content};

#[test]
fn a_redb_database_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(::redb::Database::create(dir.path().join(DATA)).unwrap());

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(whole(&error).contains("redb database"), "{}", whole(&error));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_file_older_than_the_mark_is_damaged_and_both_numbers_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    let path = dir.path().join("store");
    store_with(&path, 2);
    fs::copy(path.join(DATA), &old).unwrap();
    let mut kv = open(&path).unwrap();
    (3..=5).for_each(|n| kv.commit(batch(n)).unwrap());
    drop(kv);
    fs::copy(old, path.join(DATA)).unwrap();

    let error = refused(&path);

    assert_eq!(error.kind(), ErrorKind::Damaged);
    let text = error.to_string();
    assert!(
        text.contains("commit 5") && text.contains("commit 2"),
        "{text}"
    );
}

/// redb itself makes a new database of an empty file.
#[test]
fn a_store_whose_file_is_empty_is_damaged_and_not_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 2);
    fs::write(dir.path().join(DATA), "").unwrap();
    assert_eq!(refused(dir.path()).kind(), ErrorKind::Damaged);
    assert_eq!(fs::metadata(dir.path().join(DATA)).unwrap().len(), 0);
}

#[test]
fn a_creation_that_was_cut_short_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("batchyard.mark.new"), "").unwrap();
    fs::write(dir.path().join(DATA), "half").unwrap();

    store_with(dir.path(), 3);

    assert_eq!(content(&open(dir.path()).unwrap()).unwrap(), after(3));
}

#[test]
fn a_store_that_redb_itself_holds_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 1);
    let _raw = ::redb::Database::open(dir.path().join(DATA)).unwrap();
    assert_eq!(refused(dir.path()).kind(), ErrorKind::Locked);
}

#[test]
#[cfg(feature = "sled")]
fn a_store_on_sled_is_refused_by_name_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    drop(batch_core::sled::SledKv::open(dir.path()).unwrap());

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = whole(&error);
    assert!(text.contains("a store on sled as one on redb"), "{text}");
    assert!(text.contains(dir.path().to_str().unwrap()), "{text}");
    batch_core::sled::SledKv::open(dir.path()).unwrap();
}

#[test]
#[cfg(feature = "sled")]
fn a_directory_says_which_backend_made_its_store_even_while_it_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let [sled, redb] = ["sled", "redb"].map(|name| dir.path().join(name));
    let held = batch_core::sled::SledKv::open(&sled).unwrap();
    store_with(&redb, 2);
    assert_eq!(Backend::of_store(&sled).unwrap(), Some(Backend::Sled));
    assert_eq!(Backend::of_store(&redb).unwrap(), Some(Backend::Redb));
    drop(held);
    assert_eq!(Backend::of_store(&sled).unwrap(), Some(Backend::Sled));
}

#[test]
#[cfg(feature = "sled")]
fn a_store_on_redb_is_refused_by_sled_by_name_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 2);

    let error = batch_core::sled::SledKv::open(dir.path()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = whole(&error);
    assert!(text.contains("a store on redb as one on sled"), "{text}");
    assert_eq!(content(&open(dir.path()).unwrap()).unwrap(), after(2));
}

/// What a commit records and what opening checks may change from one opening to the next.
#[test]
fn a_killed_store_opens_whole_under_every_option() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    for repair in [RedbRepair::Walk, RedbRepair::Record, RedbRepair::Walk] {
        for check in [RedbCheck::AfterDeath, RedbCheck::Everything] {
            command(&[], Task::CommitAndDie(5), &place)
                .status()
                .unwrap();
            let options = RedbOptions {
                repair,
                check,
                ..options()
            };
            let mut kv = RedbKv::open_with(&place.store, &options).unwrap();
            let held = commits_in(&content(&kv).unwrap()).unwrap();
            assert!(held >= place.acknowledged(), "{held}");
            kv.commit(batch(held + 1)).unwrap();
        }
    }
}
