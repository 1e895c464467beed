use std::thread::sleep;
use std::time::Duration;

use crate::yard::{Yard, stopped_at_once};

#[test]
fn only_batches_that_ended_long_enough_ago_are_pruned() {
    let yard = Yard::new();
    let files = yard.files(1);
    for _ in 0..2 {
        assert_eq!(yard.run(&[], "true", &files).status, Some(0));
    }
    let kept = yard.batchyard(["prune", "--older-than", "1h"]);
    assert_eq!(kept.stdout, "batches pruned: 0\n", "{kept:?}");
    sleep(Duration::from_millis(2));
    assert_eq!(yard.json(&["prune", "--older-than", "1ms"])["batches"], 2);
    assert_eq!(yard.json(&["batches"]).as_array().unwrap().len(), 0);
}

#[test]
fn a_name_whose_work_was_pruned_is_refused_with_what_to_do() {
    let yard = Yard::new();
    let files = yard.files(1);
    let exec = yard.noting("");
    assert_eq!(yard.run(&["--name", "k"], &exec, &files).status, Some(0));
    sleep(Duration::from_millis(2));
    assert_eq!(yard.json(&["prune", "--older-than", "1ms"])["batches"], 1);
    yard.run(&["--name", "k"], &exec, &files).assert_refused(&[
        "name k",
        "was pruned",
        "another name",
    ]);
    let again = yard.run(&["--name", "k2"], &exec, &files);
    assert_eq!(again.status, Some(0), "{again:?}");
    assert_eq!(yard.noted().len(), 2);
}

#[test]
fn what_has_not_ended_is_not_pruned() {
    let yard = Yard::new();
    let child = yard.start(
        &["--name", "k"],
        &yard.noting("exec sleep 600"),
        &yard.files(1),
    );
    yard.wait_until_noted(1);
    stopped_at_once(child);
    assert_eq!(yard.json(&["prune", "--older-than", "1ms"])["batches"], 0);
    assert_eq!(yard.json(&["show", "--name", "k"])["state"], "PENDING");
}

#[test]
fn how_old_must_be_said() {
    let yard = Yard::new();
    yard.batchyard(["prune"]).assert_refused(&["--older-than"]);
    yard.batchyard(["prune", "--older-than", "30"])
        .assert_refused(&["\"30\" has no unit"]);
}
