//! Damage to a log, at every place.

use std::fs;
use std::path::Path;

use batch_core::kv::{KvError, OrderedKv, WriteBatch};
use batch_core::storage::ErrorKind;

use crate::backend::{FIRST, open};
use crate::child::Task;
use crate::damage::{copy, cut, flip, try_damage};
use crate::data_files::data_files;
use crate::script::{Choices, Content, apply, content};

const MARK: &str = "batchyard.mark";
/// The bytes before the first commit.
const HEAD: usize = 36;

fn any_segment(store: &Path, choices: &mut Choices) -> std::path::PathBuf {
    let mut files = data_files(store);
    files.swap_remove(choices.below(files.len() as u64) as usize)
}

#[test]
fn a_flipped_bit_in_a_log_is_found_out_every_time() {
    for end in [Task::Commit, Task::CommitAndDie] {
        let tally = try_damage(end, |store, choices| {
            flip(&any_segment(store, choices), choices)
        });
        assert_eq!(tally.intact, 0, "{tally:?}");
    }
}

#[test]
fn a_cut_segment_is_found_out_every_time() {
    for end in [Task::Commit, Task::CommitAndDie] {
        let tally = try_damage(end, |store, choices| {
            cut(&any_segment(store, choices), choices)
        });
        assert_eq!(tally.intact, 0, "{tally:?}");
    }
}

fn small(n: u64) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.put(b"last".to_vec(), n.to_be_bytes().to_vec());
    batch.put(format!("key {}", n % 3).into_bytes(), vec![n as u8; 20]);
    batch.delete(format!("key {}", (n + 1) % 3).into_bytes());
    batch
}

/// What a log of so many small commits holds.
fn held(commits: u64) -> Content {
    let mut content = Content::new();
    (1..=commits).for_each(|n| apply(&mut content, small(n)));
    content
}

/// A store of six small commits; gives where each of them ends.
fn small_store(path: &Path) -> Vec<usize> {
    let mut kv = open(path).unwrap();
    let mut ends = vec![HEAD];
    // A power cut may leave a mark that is behind.
    let mark = fs::read(path.join(MARK)).unwrap();
    for n in 1..=6 {
        kv.commit(small(n)).unwrap();
        ends.push(fs::metadata(path.join(FIRST)).unwrap().len() as usize);
    }
    drop(kv);
    fs::copy(path.join(MARK), path.with_extension("exact mark")).unwrap();
    fs::write(path.join(MARK), mark).unwrap();
    ends
}

struct Trial {
    dir: tempfile::TempDir,
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl Trial {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let ends = small_store(&store);
        let bytes = fs::read(store.join(FIRST)).unwrap();
        Self { dir, ends, bytes }
    }

    /// Opens a store with other bytes in its log.
    fn open_with(&self, bytes: &[u8]) -> Result<Content, KvError> {
        let trial = self.dir.path().join("trial");
        let _ = fs::remove_dir_all(&trial);
        copy(&self.dir.path().join("store"), &trial);
        fs::write(trial.join(FIRST), bytes).unwrap();
        content(&open(trial)?)
    }

    fn with_exact_mark(self) -> Self {
        let store = self.dir.path().join("store");
        fs::copy(store.with_extension("exact mark"), store.join(MARK)).unwrap();
        self
    }
}

#[test]
fn every_prefix_of_a_log_opens_to_its_whole_commits_where_the_mark_asks_for_no_more() {
    let trial = Trial::new();
    for len in HEAD..=trial.bytes.len() {
        let whole = trial.ends.iter().filter(|end| **end <= len).count() as u64 - 1;
        let found = trial.open_with(&trial.bytes[..len]).unwrap();
        assert_eq!(found, held(whole), "{len}");
    }
}

/// The rest of a write that was cut short may be zeros, or what lay on the disk before.
#[test]
fn a_torn_last_commit_is_cut_off_whatever_stands_in_its_place() {
    let trial = Trial::new();
    let last = trial.ends[5];
    for at in last..trial.bytes.len() {
        let mut zeroed = trial.bytes.clone();
        zeroed[at..].fill(0);
        let mut garbage = trial.bytes.clone();
        Choices(at as u64)
            .bytes(garbage.len() - at)
            .iter()
            .zip(&mut garbage[at..])
            .for_each(|(new, old)| *old = new ^ 1);
        for torn in [zeroed, garbage] {
            if torn != trial.bytes {
                assert_eq!(trial.open_with(&torn).unwrap(), held(5), "{at}");
            }
        }
    }
}

#[test]
fn what_a_write_left_is_gone_before_the_next_commit_and_the_log_goes_on() {
    let trial = Trial::new();
    let torn = &trial.bytes[..trial.bytes.len() - 1];
    trial.open_with(torn).unwrap();
    let store = trial.dir.path().join("trial");
    assert_eq!(
        fs::read(store.join(FIRST)).unwrap(),
        trial.bytes[..trial.ends[5]]
    );
    open(&store).unwrap().commit(small(6)).unwrap();
    assert_eq!(content(&open(&store).unwrap()).unwrap(), held(6));
}

/// With whole commits behind it, even where the mark does not ask for them.
#[test]
fn a_flipped_bit_before_the_last_commit_is_damage_that_names_its_place() {
    let trial = Trial::new();
    for at in 0..trial.ends[5] {
        let mut bytes = trial.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let error = trial.open_with(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{at}: {error}");
        let begin = trial
            .ends
            .iter()
            .rev()
            .find(|end| **end <= at)
            .unwrap_or(&0);
        let named = format!("{FIRST} is damaged at byte {begin}:");
        assert!(error.to_string().contains(&named), "{at}: {error}");
    }
}

#[test]
fn a_flipped_bit_in_the_last_commit_is_damage_where_it_was_acknowledged() {
    let trial = Trial::new().with_exact_mark();
    for at in trial.ends[5]..trial.bytes.len() {
        let mut bytes = trial.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let error = trial.open_with(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{at}: {error}");
        let named = format!("{FIRST} is damaged at byte {}:", trial.ends[5]);
        let text = error.to_string();
        assert!(
            text.contains(&named) && text.contains("commit 6"),
            "{at}: {error}"
        );
    }
}

#[test]
fn a_commit_that_stands_twice_or_in_the_wrong_place_is_damage() {
    let trial = Trial::new();
    let commit = |n: usize| &trial.bytes[trial.ends[n - 1]..trial.ends[n]];
    let head = &trial.bytes[..HEAD];
    for order in [&[1, 2, 2][..], &[1, 3], &[2], &[1, 2, 3, 6], &[2, 1]] {
        let commits = order.iter().flat_map(|n| commit(*n));
        let bytes: Vec<u8> = head.iter().chain(commits).copied().collect();
        let error = trial.open_with(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{order:?}: {error}");
    }
}

/// A value may be a copy of another store's log.
#[test]
fn a_whole_commit_of_another_log_within_a_torn_value_is_no_commit_of_this_one() {
    let (trial, other) = (Trial::new(), Trial::new());
    let store = trial.dir.path().join("store");
    let mut kv = open(&store).unwrap();
    let mut batch = WriteBatch::new();
    batch.put(b"copy".to_vec(), other.bytes.repeat(2));
    kv.commit(batch).unwrap();
    drop(kv);
    let bytes = fs::read(store.join(FIRST)).unwrap();
    fs::write(
        store.join(MARK),
        fs::read(other.dir.path().join("store").join(MARK)).unwrap(),
    )
    .unwrap();

    let found = trial.open_with(&bytes[..bytes.len() - 1]).unwrap();

    assert_eq!(found, held(6));
}
