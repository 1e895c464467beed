//! Flipped bits and cut files: a store is intact, or its damage is a typed error. Nothing else.

use std::fs;
use std::path::Path;

use crate::child::{Place, Task, command};
use crate::script::Choices;

const COMMITS: u64 = 60;

/// How many trials there are.
pub(crate) fn trials() -> u64 {
    let wanted = std::env::var("BATCHYARD_DAMAGE_TRIALS").ok();
    wanted.map_or(40, |n| n.parse().unwrap())
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) intact: u64,
    pub(crate) damaged: u64,
    pub(crate) other_errors: u64,
    pub(crate) silent: u64,
    pub(crate) died: Vec<String>,
}

impl Tally {
    /// In a process of its own, for a panic in one of the database's threads is for the whole process.
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

pub(crate) fn copy(from: &Path, to: &Path) {
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
pub(crate) fn try_damage(
    end: fn(u64) -> Task,
    damage: impl Fn(&Path, &mut Choices) -> String,
) -> Tally {
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

pub(crate) fn flip(file: &Path, choices: &mut Choices) -> String {
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

pub(crate) fn cut(file: &Path, choices: &mut Choices) -> String {
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
