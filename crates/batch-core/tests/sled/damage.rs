//! Flipped bits and cut files: a store is intact, or its damage is a typed error. Nothing else.

use std::fs;
use std::path::Path;

use crate::child::{Place, Task, command};
use crate::script::Choices;

const COMMITS: u64 = 60;

/// How many trials there are.
fn trials() -> u64 {
    let wanted = std::env::var("BATCHYARD_DAMAGE_TRIALS").ok();
    wanted.map_or(40, |n| n.parse().unwrap())
}

#[derive(Debug, Default)]
struct Tally {
    intact: u64,
    damaged: u64,
    other_errors: u64,
    silent: u64,
    died: Vec<String>,
}

impl Tally {
    /// In a process of its own, for a panic in one of sled's threads is for the whole process.
    fn count(&mut self, place: &Place, what: &str) {
        let status = command(&[], Task::Check, place).status().unwrap();
        let lines = place.lines();
        let last = lines.last().map_or("", String::as_str);
        if !status.success() {
            self.died.push(format!("{what}: {status}, {last}"));
        } else if last == format!("holds {COMMITS}") {
            self.intact += 1;
        } else if last.starts_with("error Damaged") {
            self.damaged += 1;
        } else if last.starts_with("error ") {
            println!("{what}: {last}");
            self.other_errors += 1;
        } else {
            println!("{what}: {last}");
            self.silent += 1;
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A trial on a copy of a store that was closed, or killed.
fn try_damage(end: fn(u64) -> Task, damage: impl Fn(&Path, &mut Choices) -> String) -> Tally {
    let dir = tempfile::tempdir().unwrap();
    let whole = Place::in_dir(dir.path());
    command(&[], end(COMMITS), &whole).status().unwrap();
    let mut choices = Choices(3);
    let mut tally = Tally::default();
    for _ in 0..trials() {
        let trial = tempfile::tempdir().unwrap();
        let place = Place::in_dir(trial.path());
        copy(&whole.store, &place.store);
        let what = damage(&place.store, &mut choices);
        tally.count(&place, &what);
    }
    println!("{tally:?}");
    assert!(tally.died.is_empty(), "{:#?}", tally.died);
    assert_eq!((tally.silent, tally.other_errors), (0, 0));
    tally
}

fn flip(file: &Path, choices: &mut Choices) -> String {
    let mut bytes = fs::read(file).unwrap();
    let at = choices.below(bytes.len() as u64);
    bytes[at as usize] ^= 1 << choices.below(8);
    fs::write(file, &bytes).unwrap();
    format!(
        "bit flipped at {at} of {} in {}",
        bytes.len(),
        file.display()
    )
}

fn cut(file: &Path, choices: &mut Choices) -> String {
    let len = fs::metadata(file).unwrap().len();
    let at = choices.below(len);
    fs::File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(at)
        .unwrap();
    format!("cut at {at} of {len}: {}", file.display())
}

fn snapshot(store: &Path) -> std::path::PathBuf {
    let mut entries = fs::read_dir(store).unwrap().map(|e| e.unwrap().path());
    let is_snapshot = |p: &std::path::PathBuf| {
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
        drop(batch_core::sled::SledKv::open_with(
            store,
            &crate::script::options(),
        ));
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
        drop(batch_core::sled::SledKv::open_with(
            store,
            &crate::script::options(),
        ));
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
