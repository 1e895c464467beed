use std::time::Duration;

use crate::backend::open;
use crate::child::{Place, Task, command};
use crate::script::{Choices, commits_in, content};

/// Opens after a kill; the commits that are there must be those that were acknowledged, or one more.
fn open_after_kill(place: &Place) {
    let kv = open(&place.store).unwrap();
    let held = commits_in(&content(&kv).unwrap()).unwrap();
    let acknowledged = place.acknowledged();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&held),
        "{held} of {acknowledged}"
    );
}

/// Kills at every call are for whole storages: `tests/tests/swept.rs`.
#[test]
fn kills_at_random_moments_cost_no_acknowledged_commit() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let mut choices = Choices(8);
    for _ in 0..12 {
        let mut child = command(&[], Task::Commit(100_000), &place).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(choices.below(120)));
        child.kill().unwrap();
        child.wait().unwrap();
        open_after_kill(&place);
    }
    assert!(
        place.acknowledged() > 0,
        "the kills left some time to commit"
    );
}
