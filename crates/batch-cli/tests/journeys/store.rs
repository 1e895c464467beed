use std::collections::BTreeSet;
use std::fs;

use crate::yard::{Yard, column};

const BACKENDS: [&str; 3] = ["redb", "sled", "log"];
/// A file that each makes first.
const DATA: [(&str, &str); 3] = [
    ("redb", "store.redb"),
    ("sled", "db"),
    ("log", "0000000001.log"),
];

/// What the store in a directory is on.
fn backend_in(yard: &Yard, dir: &str) -> String {
    let shown = yard.json(&["store", "--store", dir]);
    shown["backend"].as_str().unwrap().to_owned()
}

#[test]
fn a_new_store_is_made_on_redb_and_the_program_says_so() {
    let yard = Yard::new();
    let ended = yard.run(&[], "cat", &yard.files(1));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let shown = yard.json(&["store"]);
    assert_eq!(shown["store"], "./.batchyard");
    assert_eq!(shown["backend"], "redb");
    let durability = shown["durability"].as_str().unwrap();
    assert!(durability.contains("a power cut"), "{durability}");
}

#[test]
fn a_store_on_sled_where_the_earlier_program_made_them_is_opened_as_one() {
    let yard = Yard::new();
    let files = yard.files(3);
    let options = ["--store", "sled:./.batchyard", "--name", "k"];
    let first = yard.run(&options, &yard.noting(""), &files[..2]);
    assert_eq!(first.status, Some(0), "{first:?}");

    let again = yard.run(&["--name", "k"], &yard.noting(""), &files[..2]);
    let other = yard.run(&["--name", "other"], &yard.noting(""), &files[2..]);

    assert!(again.stderr.contains("going on with k"), "{again:?}");
    assert_eq!(other.status, Some(0), "{other:?}");
    assert_eq!(yard.noted().len(), 3);
    assert_eq!(yard.json(&["batches"]).as_array().unwrap().len(), 2);
    assert_eq!(backend_in(&yard, "./.batchyard"), "sled");
}

#[test]
fn killed_and_started_again_without_a_word_on_the_backend_every_file_ends_exactly_once() {
    for backend in BACKENDS {
        let yard = Yard::new();
        let files = yard.files(40);
        let exec = yard.noting("sleep 0.01");
        let store = format!("{backend}:jobs");
        let options = ["--name", "k", "--store", "./jobs"];
        let named = ["--name", "k", "--store", &store];
        for (options, noted) in [(&named, 1), (&options, 8), (&options, 20)] {
            let child = yard.start(options, &exec, &files);
            yard.kill_once_noted(noted, child);
        }

        let last = yard.run(&options, &exec, &files);

        assert_eq!(last.status, Some(0), "{last:?}");
        assert!(last.stderr.contains("going on with k"), "{last:?}");
        let processed = last.stdout.starts_with("40 processed, 0 failed\n");
        assert!(processed, "{last:?}");
        let noted: BTreeSet<_> = yard.noted().into_iter().collect();
        assert_eq!(noted.len(), 40);
        let batches = yard.json(&["batches", "--store", "./jobs"]);
        assert_eq!(column(batches.as_array().unwrap(), "processed"), [40]);
        assert_eq!(backend_in(&yard, "./jobs"), backend);
    }
}

#[test]
fn asked_for_on_another_backend_a_store_is_refused_naming_both_and_stays_as_it_is() {
    for (backend, other) in [("redb", "sled"), ("sled", "log"), ("log", "redb")] {
        let yard = Yard::new();
        let files = yard.files(1);
        let store = format!("{backend}:jobs");
        let made = yard.run(&["--store", &store, "--name", "k"], "cat", &files);
        assert_eq!(made.status, Some(0), "{made:?}");

        let wrong = format!("{other}:jobs");
        let said = format!(
            "the store in jobs is on {backend}, not on {other}: give --store {backend}:jobs"
        );
        yard.run(&["--store", &wrong], "cat", &files)
            .assert_refused(&[&said]);
        yard.batchyard(["batches", "--store", &wrong])
            .assert_refused(&[&said]);

        let batches = yard.json(&["batches", "--store", &store]);
        assert_eq!(column(batches.as_array().unwrap(), "processed"), [1]);
    }
}

#[test]
fn a_store_whose_creation_was_cut_short_is_begun_anew_on_the_backend_it_was_for() {
    for (backend, data) in DATA {
        let yard = Yard::new();
        fs::create_dir(yard.path("jobs")).unwrap();
        for name in ["batchyard.lock", "batchyard.mark.new", data] {
            fs::write(yard.path("jobs").join(name), "").unwrap();
        }
        let ended = yard.run(&["--store", "./jobs"], "cat", &yard.files(1));
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert_eq!(backend_in(&yard, "./jobs"), backend);
    }
}

#[test]
fn a_database_without_our_mark_is_refused_by_name() {
    for (backend, data) in DATA {
        let yard = Yard::new();
        fs::create_dir(yard.path("jobs")).unwrap();
        fs::write(yard.path("jobs").join(data), "").unwrap();
        let said = format!("it is a {backend} database without batchyard.mark");
        yard.run(&["--store", "./jobs"], "cat", &yard.files(1))
            .assert_refused(&["jobs", &said]);
    }
}
