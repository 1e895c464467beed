use std::path::Path;
use std::time::Duration;

use batch_core::sled::SledKv;

use crate::child::{Place, Task, command};
use crate::script::{Choices, commits_in, content, options};

/// All that changes something outside the process, and what comes between.
const CALLS: &str =
    "openat,write,pwrite64,lseek,fsync,fdatasync,sync_file_range,ftruncate,rename,unlink,mkdir";

/// Opens after a kill; gives how many commits are there.
fn opened_after_kill(place: &Place) -> u64 {
    let kv = SledKv::open_with(&place.store, &options()).unwrap();
    let held = commits_in(&content(&kv).unwrap()).unwrap();
    let acknowledged = place.acknowledged();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&held),
        "{held} of {acknowledged}"
    );
    held
}

/// Runs a process that is killed as one of its threads makes its `n`th call.
fn killed_at(n: u32, task: Task, place: &Place) -> bool {
    let trace = format!("trace={CALLS}");
    let fault = format!("inject={CALLS}:signal=KILL:when={n}");
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

/// `open` returned and the store holds what it held, wherever its creation was killed.
#[test]
#[ignore = "needs strace"]
fn a_kill_at_any_call_of_a_creation_leaves_a_store_that_opens() {
    let mut points = 0;
    for n in 1..1_000 {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::in_dir(dir.path());
        let killed = killed_at(n, Task::Commit(2), &place);
        opened_after_kill(&place);
        if !killed {
            break;
        }
        points += 1;
    }
    println!("{points} kill points");
    assert!(points > 40, "{points}");
}

/// The store after a kill is the one that is opened and killed next: recovery upon recovery.
#[test]
#[ignore = "needs strace"]
fn a_kill_at_any_call_of_a_recovery_leaves_a_store_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let mut points = 0;
    for n in 1..1_000 {
        command(&[], Task::CommitAndDie(5), &place)
            .status()
            .unwrap();
        let killed = killed_at(n, Task::Commit(1), &place);
        let again = killed_at(n + 1, Task::Check, &place);
        opened_after_kill(&place);
        if !killed && !again {
            break;
        }
        points += 1;
    }
    println!("{points} kill points");
    assert!(points > 20, "{points}");
    assert_no_half_snapshot(&place.store);
}

fn assert_no_half_snapshot(store: &Path) {
    let mut names = std::fs::read_dir(store)
        .unwrap()
        .map(|e| e.unwrap().file_name());
    assert!(names.all(|name| !name.to_str().unwrap().ends_with(".generating")));
}
