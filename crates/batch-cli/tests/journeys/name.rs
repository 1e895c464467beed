use std::fs;

use crate::yard::{Ended, Yard, column};

/// Fails for the first two files.
const EXEC: &str = "sh -c 'case $0 in *f000|*f001) exit 1;; esac' {}";

/// A store with as many runs under the name `my work`, in batches of 1,000.
fn yard(runs: usize) -> (Yard, Ended) {
    let yard = Yard::new();
    yard.files(3);
    let mut lines = vec!["f002"; runs];
    lines[0] = "f000";
    lines[runs - 1] = "f001";
    fs::write(yard.path("list"), lines.join("\n")).unwrap();
    let options = ["--name", "my work", "--files-from", "list"];
    let ended = yard.run(&options, EXEC, &[]);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    (yard, ended)
}

#[test]
fn a_name_stands_for_its_batch_and_not_for_a_retry_of_it() {
    let (yard, _) = yard(4);
    let batch = yard.newest_batch();
    assert_eq!(
        yard.batchyard(["retry", "--name", "my work"]).status,
        Some(0)
    );
    assert_ne!(yard.newest_batch(), batch);
    let by_name = ["--name", "my work"];
    for command in ["show", "runs"] {
        let said = yard.json(&[&[command], &by_name[..]].concat()).to_string();
        assert!(said.contains(&batch[6..]), "{said}");
    }
    let watched = yard.batchyard(["watch", "--name", "my work"]);
    assert!(watched.stdout.starts_with(&batch), "{watched:?}");
}

#[test]
fn a_name_of_several_batches_lists_all_runs_and_is_refused_where_one_is_asked_for() {
    let (yard, _) = yard(1_001);
    let runs = yard.json(&["runs", "--name", "my work", "--state", "failed"]);
    assert_eq!(runs.as_array().unwrap().len(), 2);
    let batches = yard.json(&["batches"]);
    let ids = column(batches.as_array().unwrap(), "batch");
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
    for command in ["show", "retry", "watch"] {
        yard.batchyard([command, "--name", "my work"])
            .assert_refused(&["2 batches", ids[0], ids[1], "runs and cancel take all"]);
    }
    let cancelled = yard.json(&["cancel", "--name", "my work"]);
    assert_eq!(cancelled["reply"], "had ended");
}

#[test]
fn what_waits_under_a_name_is_cancelled_by_it() {
    let yard = Yard::new();
    let child = yard.start(
        &["--name", "k"],
        &yard.noting("exec sleep 600"),
        &yard.files(2),
    );
    yard.wait_until_noted(1);
    crate::yard::stopped_at_once(child);
    let cancelled = yard.batchyard(["cancel", "--name", "k"]);
    assert_eq!(cancelled.stdout, "k cancelled\n", "{cancelled:?}");
    assert_eq!(yard.json(&["show", "--name", "k"])["state"], "CANCELLED");
}

#[test]
fn a_name_that_nobody_used_and_a_name_beside_an_id_are_refused() {
    let (yard, _) = yard(2);
    for command in ["show", "runs", "cancel", "retry", "watch"] {
        yard.batchyard([command, "--name", "other"])
            .assert_refused(&["nothing under the name other"]);
        yard.batchyard([command, &yard.newest_batch(), "--name", "my work"])
            .assert_refused(&["--name", "cannot be used with"]);
        yard.batchyard([command]).assert_refused(&["required"]);
    }
}

#[test]
fn the_summary_is_followed_by_the_commands_that_come_next() {
    let (yard, one) = yard(4);
    let batch = yard.newest_batch();
    let retry = format!("to run the failed ones again: batchyard retry {batch} --exec CMD\n");
    let outputs = format!("each file's output: batchyard runs {batch} -o json\n");
    assert!(one.stderr.contains(&retry), "{one:?}");
    assert!(one.stderr.ends_with(&outputs), "{one:?}");
    let shown = yard.json(&["runs", &batch]);
    assert!(shown[2]["stdout"].is_string(), "{shown}");

    let options = ["--store", "memory"];
    let kept_nowhere = yard.run(&options, "true", &["f000".into()]);
    assert_eq!(
        kept_nowhere.stderr,
        "batchyard: --results FILE writes each file's output\n"
    );
    let options = ["--store", "sled:other store", "--name", "k"];
    let elsewhere = yard.run(&options, "true", &["f000".into()]);
    let store = "--store 'sled:other store' -o json\n";
    assert!(elsewhere.stderr.ends_with(store), "{elsewhere:?}");
}

#[test]
fn each_batch_with_failures_is_named_for_a_retry() {
    let (_, two) = yard(1_001);
    let retries = two.stderr.matches("batchyard retry batch_").count();
    assert_eq!(retries, 2, "{two:?}");
    assert!(
        two.stderr.contains("runs --name 'my work' -o json"),
        "{two:?}"
    );
}

#[test]
fn a_typo_in_the_command_is_told_again_with_its_remedy() {
    let yard = Yard::new();
    let files = yard.files(2);
    assert_eq!(yard.run(&["--name", "k"], "false", &files).status, Some(1));
    let corrected = yard.run(&["--name", "k"], "true", &files);
    assert!(
        corrected.stdout.contains("nothing was left to run"),
        "{corrected:?}"
    );
    let remedy = format!("batchyard retry {} --exec", yard.newest_batch());
    assert!(corrected.stderr.contains(&remedy), "{corrected:?}");
}
