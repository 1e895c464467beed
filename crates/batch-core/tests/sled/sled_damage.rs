use std::fs;
use std::path::{Path, PathBuf};

use crate::backend::open;
use crate::child::Task;
use crate::damage::{cut, flip, trials, try_damage};

fn snapshot(store: &Path) -> PathBuf {
    let mut entries = fs::read_dir(store).unwrap().map(|e| e.unwrap().path());
    let is_snapshot = |p: &PathBuf| {
        p.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("snap.")
    };
    entries.find(is_snapshot).unwrap()
}

#[test]
fn a_flipped_bit_in_the_log_of_a_killed_store_is_harmless_or_found_out() {
    try_damage(Task::CommitAndDie, |store, choices| {
        flip(&store.join("db"), choices)
    });
}

#[test]
fn a_flipped_bit_in_the_log_of_a_reopened_store_is_harmless_or_found_out() {
    try_damage(Task::CommitAndDie, |store, choices| {
        drop(open(store));
        flip(&store.join("db"), choices)
    });
}

/// The end of the log is gone, and with it the number of the last commit.
#[test]
fn a_cut_log_is_found_out_every_time() {
    let tally = try_damage(Task::Commit, |store, choices| {
        cut(&store.join("db"), choices)
    });
    assert!(tally.damaged > trials() / 2, "{tally:?}");
}

#[test]
fn a_damaged_snapshot_is_found_out_every_time() {
    try_damage(Task::CommitAndDie, |store, choices| {
        drop(open(store));
        let file = snapshot(store);
        match choices.below(2) {
            0 => flip(&file, choices),
            _ => cut(&file, choices),
        }
    });
}

#[test]
fn damaged_settings_are_found_out_every_time() {
    try_damage(Task::Commit, |store, choices| match choices.below(2) {
        0 => flip(&store.join("conf"), choices),
        _ => cut(&store.join("conf"), choices),
    });
}
