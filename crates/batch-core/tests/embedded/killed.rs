use std::time::Duration;

use crate::backend::{KILL_STRIDE, open};
use crate::child::{Place, Task, command};
use crate::script::{Choices, commits_in, content};

/// The calls that change something outside the process, and those that come between.
const CALLS: [&str; 11] = [
    "openat",
    "write",
    "pwrite64",
    "lseek",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "ftruncate",
    "rename",
    "unlink",
    "mkdir",
];

/// Opens after a kill; gives how many commits are there.
fn opened_after_kill(place: &Place) -> u64 {
    let kv = open(&place.store).unwrap();
    let held = commits_in(&content(&kv).unwrap()).unwrap();
    let acknowledged = place.acknowledged();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&held),
        "{held} of {acknowledged}"
    );
    held
}

/// Runs a process that is killed as one of its threads makes the `n`th call of a kind.
fn killed_at(n: u32, call: &str, task: Task, place: &Place) -> bool {
    let trace = format!("trace={call}");
    let fault = format!("inject={call}:signal=KILL:when={n}");
    let wrapper = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &fault,
    ];
    !command(&wrapper, task, place).status().unwrap().success()
}

/// Tries each call in turn, or one in `stride`, until there is no further one; gives how many
/// were tried.
fn sweep(stride: usize, mut kill_at: impl FnMut(u32, &str) -> bool) -> u32 {
    let mut points = 0;
    for call in CALLS {
        let calls = (1..).step_by(stride);
        points += calls.take_while(|n| kill_at(*n, call)).count() as u32;
    }
    println!("{points} kill points");
    points
}

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
        opened_after_kill(&place);
    }
    assert!(
        place.acknowledged() > 0,
        "the kills left some time to commit"
    );
}

#[test]
#[ignore = "needs strace"]
fn a_kill_at_any_call_of_a_creation_leaves_a_store_that_opens() {
    let points = sweep(1, |n, call| {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::in_dir(dir.path());
        let killed = killed_at(n, call, Task::Commit(2), &place);
        opened_after_kill(&place);
        killed
    });
    assert!(points > 60, "{points}");
}

/// The store after a kill is the one that is opened and killed next: recovery upon recovery.
#[test]
#[ignore = "needs strace"]
fn a_kill_at_any_call_of_a_recovery_leaves_a_store_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let points = sweep(KILL_STRIDE, |n, call| {
        command(&[], Task::CommitAndDie(5), &place)
            .status()
            .unwrap();
        let killed = killed_at(n, call, Task::Commit(1), &place);
        killed_at(n, call, Task::Check, &place);
        opened_after_kill(&place);
        killed
    });
    assert!(points > 40, "{points}");
}
