use batch_core::redb::{RedbCheck, RedbKv, RedbOptions};
use batch_core::storage::ErrorKind;

use crate::backend::{DATA, options};
use crate::child::Task;
use crate::damage::{copy, cut, flip, trials, try_damage};
use crate::opening::store_with;
use crate::script::{Choices, commits_in, content};

#[test]
fn a_flipped_bit_in_a_store_is_harmless_or_found_out_at_opening() {
    for end in [Task::Commit, Task::CommitAndDie] {
        let tally = try_damage(end, |store, choices| flip(&store.join(DATA), choices));
        assert!(tally.damaged > 0, "{tally:?}");
    }
}

#[test]
fn a_cut_file_is_found_out_every_time() {
    for end in [Task::Commit, Task::CommitAndDie] {
        let tally = try_damage(end, |store, choices| cut(&store.join(DATA), choices));
        assert_eq!(tally.intact, 0, "{tally:?}");
    }
}

/// Such a store shows damage only where a record is read, or not at all at this level.
#[test]
fn a_flipped_bit_that_opening_does_not_look_for_never_ends_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, store) = (dir.path().join("whole"), dir.path().join("store"));
    store_with(&whole, 20);
    let options = RedbOptions {
        check: RedbCheck::AfterDeath,
        ..options()
    };
    let mut choices = Choices(5);
    let (mut intact, mut damaged, mut silent) = (0, 0, 0);
    for _ in 0..trials() {
        copy(&whole, &store);
        let what = flip(&store.join(DATA), &mut choices);
        let read = RedbKv::open_with(&store, &options).and_then(|kv| content(&kv));
        match read.map(|content| commits_in(&content)) {
            Ok(Ok(20)) => intact += 1,
            Ok(_) => silent += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Damaged, "{what}: {error}");
                damaged += 1;
            }
        }
    }
    println!("{intact} intact, {damaged} damaged, {silent} silent");
    assert_eq!(intact + damaged + silent, trials());
}
