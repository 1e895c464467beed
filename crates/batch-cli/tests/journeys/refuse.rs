use std::fs;

use crate::yard::Yard;

#[test]
fn a_file_that_is_missing_is_named_and_nothing_is_submitted() {
    let yard = Yard::new();
    let mut files = yard.files(2);
    files.push("no such file".into());
    yard.run(&[], "cat", &files)
        .assert_refused(&["no such file", "No such file or directory"]);
    assert!(!yard.path(".batchyard").exists());
}

#[test]
fn every_file_that_is_missing_is_named_on_a_line_of_its_own() {
    let yard = Yard::new();
    let mut files = yard.files(1);
    files.extend(["nope1".into(), "nope2".into()]);
    let refused = yard.run(&[], "cat", &files);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    let lines: Vec<&str> = refused.stderr.lines().collect();
    assert_eq!(lines[0], "batchyard: 2 files cannot be taken:");
    assert!(lines[1].contains("/nope1: No such file"), "{refused:?}");
    assert!(lines[2].contains("/nope2: No such file"), "{refused:?}");
    assert!(!yard.path(".batchyard").exists());
}

#[test]
fn results_never_replace_a_file_that_holds_anything_else() {
    let yard = Yard::new();
    let files = yard.files(2);
    let refused = |results: &str, words: &[&str]| {
        yard.run(&["--results", results], "wc {}", &files[..1])
            .assert_refused(words);
    };
    refused("f000", &["f000", "one of the files"]);
    refused("f001", &["f001", "something else"]);
    for file in ["f000", "f001"] {
        assert_eq!(fs::read(yard.path(file)).unwrap(), b"two words");
    }
    assert!(!yard.path(".batchyard").exists());
}

#[test]
fn an_empty_file_and_earlier_results_are_replaced_by_results() {
    let yard = Yard::new();
    let files = yard.files(1);
    fs::write(yard.path("out.jsonl"), "").unwrap();
    for _ in 0..2 {
        let ended = yard.run(&["--results", "out.jsonl"], "cat", &files);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert_eq!(yard.results("out.jsonl").len(), 1);
    }
}

#[test]
fn a_directory_is_no_file() {
    let yard = Yard::new();
    fs::create_dir(yard.path("dir")).unwrap();
    yard.run(&[], "cat", &["dir".into()])
        .assert_refused(&["/dir", "directory"]);
}

#[test]
fn a_command_that_does_not_exist_is_named_and_nothing_is_submitted() {
    let yard = Yard::new();
    yard.run(&[], "no-such-command {}", &yard.files(2))
        .assert_refused(&["\"no-such-command\""]);
    assert!(!yard.path(".batchyard").exists());
}

#[test]
fn a_malformed_option_is_named_with_the_reason() {
    let yard = Yard::new();
    let files = yard.files(1);
    let refused = |options: &[&str], words: &[&str]| {
        yard.run(options, "cat", &files).assert_refused(words);
    };
    refused(
        &["--timeout", "5x"],
        &["--timeout", "\"5x\" is no duration"],
    );
    refused(&["--attempts", "0"], &["--attempts"]);
    refused(&["--concurrency", "many"], &["--concurrency", "many"]);
    refused(&["--store", "rebd:x"], &["--store", "rebd:x"]);
    refused(&["--name", ""], &["--name"]);
    refused(&["--files-from", "no-list"], &["no-list"]);
    refused(&["--results", "no/dir/out.jsonl"], &["no/dir/out.jsonl"]);
    refused(&["--frobnicate"], &["--frobnicate"]);
    yard.run(&[], "cat '", &files)
        .assert_refused(&["--exec", "quote"]);
}

#[test]
fn an_unknown_command_is_named() {
    Yard::new()
        .batchyard(["frobnicate"])
        .assert_refused(&["frobnicate"]);
}

#[test]
fn no_file_at_all_is_a_usage_error() {
    let yard = Yard::new();
    yard.run(&[], "cat", &[]).assert_refused(&["FILE"]);
    fs::write(yard.path("list"), "\n").unwrap();
    yard.run(&["--files-from", "list"], "cat", &[])
        .assert_refused(&["list is empty"]);
}

#[test]
fn a_store_that_cannot_be_opened_is_named() {
    let yard = Yard::new();
    let files = yard.files(1);
    fs::create_dir(yard.path("dir")).unwrap();
    fs::write(yard.path("dir/other"), "x").unwrap();
    for kind in ["sled:", "redb:", "log:", "./"] {
        yard.run(&["--store", &format!("{kind}f000")], "cat", &files)
            .assert_refused(&["f000", "ot a directory"]);
        yard.run(&["--store", &format!("{kind}dir")], "cat", &files)
            .assert_refused(&["dir", "it is no store and holds other"]);
    }
    assert_eq!(fs::read_dir(yard.path("dir")).unwrap().count(), 1);
}

#[test]
fn a_damaged_store_is_an_error_and_no_panic() {
    let log = ("log:dir", "0000000001.log");
    for (store, data) in [("redb:dir", "store.redb"), ("sled:dir", "db"), log] {
        let yard = Yard::new();
        let made = yard.run(&["--store", store], "cat", &yard.files(30));
        assert_eq!(made.status, Some(0), "{made:?}");
        let data = yard.path("dir").join(data);
        let mut bytes = fs::read(&data).unwrap();
        let half = bytes.len() / 2;
        bytes[512..half].fill(0xff);
        fs::write(&data, bytes).unwrap();
        yard.batchyard(["batches", "--store", "./dir"])
            .assert_refused(&["/dir", "damaged"]);
    }
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_looking() {
    let yard = Yard::new();
    yard.batchyard(["batches"])
        .assert_refused(&["there is no store"]);
    yard.batchyard(["batches", "--store", "memory"])
        .assert_refused(&["memory"]);
    assert!(!yard.path(".batchyard").exists());
}

#[test]
fn help_and_version_are_no_errors() {
    let yard = Yard::new();
    let version = yard.batchyard(["--version"]);
    assert_eq!(version.status, Some(0));
    assert_eq!(
        version.stdout,
        format!("batchyard {}\n", env!("CARGO_PKG_VERSION"))
    );
    for command in [
        "run", "batches", "show", "runs", "cancel", "retry", "watch", "prune", "store",
    ] {
        let help = yard.batchyard([command, "--help"]);
        assert_eq!(help.status, Some(0), "{help:?}");
        assert!(help.stdout.contains("Usage: batchyard"), "{help:?}");
    }
    let nothing = yard.batchyard::<&str>([]);
    assert_eq!(nothing.status, Some(2));
    assert!(nothing.stderr.contains("Examples:"), "{nothing:?}");
}
