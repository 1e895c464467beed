use std::process::Child;
use std::time::Duration;

use crate::backend::open;
use crate::child::{Place, Task, command};
use crate::script::{Choices, commits_in, content};

/// Opens after a kill and gives the last commit that is there. It must be the last that was
/// acknowledged, or found by an earlier opening, or one more.
fn open_after_kill(place: &Place, found_before: u64) -> u64 {
    let kv = open(&place.store).unwrap();
    let held = commits_in(&content(&kv).unwrap()).unwrap();
    let known = place.acknowledged().max(found_before);
    assert!((known..=known + 1).contains(&held), "{held} of {known}");
    held
}

/// Waits until the process has a commit acknowledged that it made itself.
fn wait_for_a_commit(child: &mut Child, place: &Place, found_before: u64) {
    while place.acknowledged() <= found_before {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Kills at every call are for whole storages: `tests/tests/swept.rs`.
#[test]
fn kills_at_random_moments_cost_no_acknowledged_commit() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let mut choices = Choices(8);
    let mut found = 0;
    for round in 0..12 {
        let mut child = command(&[], Task::Commit(100_000), &place).spawn().unwrap();
        // Half of the kills fall into the opening, on a busy machine; the others must not.
        if round % 2 == 1 {
            wait_for_a_commit(&mut child, &place, found);
        }
        std::thread::sleep(Duration::from_millis(choices.below(120)));
        child.kill().unwrap();
        child.wait().unwrap();
        found = open_after_kill(&place, found);
    }
}
