use std::fs;

use crate::yard::Yard;

const BACKENDS: [&str; 3] = ["redb", "sled", "log"];

/// A store with two finished batches, on one backend.
fn worked(backend: &str) -> Yard {
    let yard = Yard::new();
    let files = yard.files(3);
    for name in ["a", "b"] {
        let store = format!("{backend}:jobs");
        let ended = yard.run(&["--name", name, "--store", &store], "cat", &files);
        assert_eq!(ended.status, Some(0), "{ended:?}");
    }
    yard
}

#[test]
fn a_sound_store_is_called_sound_and_not_changed() {
    for backend in BACKENDS {
        let yard = worked(backend);
        let ended = yard.batchyard(["verify", "./jobs"]);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        let sound = ended.stdout.starts_with("sound: 2 batches with 6 runs");
        assert!(sound, "{ended:?}");
        let json = yard.json(&["verify", "./jobs"]);
        assert_eq!((&json["sound"], &json["runs"]), (&true.into(), &6.into()));
    }
}

#[test]
fn a_copy_on_the_other_backend_is_the_store() {
    for (backend, other) in BACKENDS.into_iter().zip(["sled", "log", "redb"]) {
        let yard = worked(backend);
        let to = format!("{other}:backup/monday");
        let ended = yard.batchyard(["snapshot", "./jobs", &to]);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert!(ended.stdout.contains(other), "{ended:?}");
        let verified = yard.batchyard(["verify", &to]);
        assert_eq!(verified.status, Some(0), "{verified:?}");
        let original = yard.json(&["batches", "--store", "./jobs"]);
        assert_eq!(yard.json(&["batches", "--store", &to]), original);
        let shown = yard.json(&["store", "--store", "./backup/monday"]);
        assert_eq!(shown["backend"], other);
    }
}

#[test]
fn nothing_is_copied_over_what_is_there() {
    let yard = worked("redb");
    yard.batchyard(["snapshot", "./jobs", "./jobs"])
        .assert_refused(&["not empty"]);
    yard.batchyard(["snapshot", "./jobs", "memory"])
        .assert_refused(&["memory", "directory"]);
    yard.batchyard(["snapshot", "./none", "./copy"])
        .assert_refused(&["there is no store"]);
    assert!(!yard.path("copy").exists());
}

/// A store on sled whose log ends before what was acknowledged.
fn cut_short() -> Yard {
    for _ in 0..10 {
        let yard = worked("sled");
        let log = yard.path("jobs/db");
        let mut bytes = fs::read(&log).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[end - 200..].fill(0);
        fs::write(&log, &bytes).unwrap();
        let verified = yard.batchyard(["verify", "./jobs"]);
        if verified.status != Some(0) {
            verified.assert_refused(&["damaged"]);
            return yard;
        }
        // About one log in fifty ends with nothing new: opening writes the same bytes again.
        let whole = verified.stdout.starts_with("sound: 2 batches with 6 runs");
        assert!(whole, "{verified:?}");
    }
    panic!("ten logs have lost nothing with their end");
}

#[test]
fn a_store_that_opens_no_more_is_saved_as_far_as_it_is_whole() {
    let yard = cut_short();

    let ended = yard.batchyard(["salvage", "sled:jobs", "redb:saved"]);

    assert!(matches!(ended.status, Some(0 | 1)), "{ended:?}");
    assert!(ended.stdout.contains("kept "), "{ended:?}");
    let verified = yard.batchyard(["verify", "./saved"]);
    assert_eq!(verified.status, Some(0), "{verified:?}");
    let batches = yard.json(&["batches", "--store", "./saved"]);
    assert!(!batches.as_array().unwrap().is_empty());
}

#[test]
fn a_store_of_which_nothing_can_be_read_is_named_and_nothing_is_made() {
    let yard = worked("redb");
    fs::write(yard.path("jobs/store.redb"), "no database").unwrap();
    yard.batchyard(["salvage", "./jobs", "./saved"])
        .assert_refused(&["cannot salvage ./jobs: ", "damaged"]);
    assert!(!yard.path("saved").exists());
}

#[test]
fn a_store_that_somebody_has_is_not_salvaged_and_is_named_by_its_absolute_path() {
    let yard = Yard::new();
    let jobs = yard.path("jobs");
    let _open = batch_core::redb::RedbStorage::open(&jobs).unwrap();
    yard.batchyard(["salvage", "./jobs", "./saved"])
        .assert_refused(&["in use", jobs.to_str().unwrap()]);
    assert!(!yard.path("saved").exists());
}

#[test]
fn a_salvage_of_a_sound_store_loses_nothing_and_leaves_no_scratch() {
    let yard = worked("redb");
    let saved = yard.json(&["salvage", "./jobs", "./saved"]);
    assert_eq!((&saved["batches"], &saved["runs"]), (&2.into(), &6.into()));
    assert_eq!(saved["losses"].as_array().unwrap().len(), 0);
    let names = yard.path(".").read_dir().unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let rest: Vec<_> = names
        .filter(|name| name.starts_with(".batchyard-"))
        .collect();
    assert_eq!(rest, Vec::<String>::new());
}
