//! A process is killed at each of its storage calls, of each kind of work, and so is the opening after it.
//!
//! Depth 1 is every call of every kind of work. Kills that leave the same bytes leave the
//! same store, so depth 2 goes by what they left: every call of the opening of one in
//! [`stride`] of these stores, or of each with `BATCHYARD_DEPTH_TWO=1`.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use batch_tests::crash::{
    Acknowledged, Backend, Child, GoOn, State, Task, Verb, check_after_death, copy, directory,
    in_parallel, trace,
};

/// A store that nobody has open, and what was heard of it.
#[derive(Debug, Clone)]
struct Store {
    path: PathBuf,
    heard: Acknowledged,
}

/// Kills a task at its first storage call, at its second, and so on until three runs in a row
/// finish unharmed; gives how many kills there were and hands over what each has left.
fn kill_at_each_call(
    child: &Child,
    task: Task,
    found: &Store,
    mut look: impl FnMut(&Path, Acknowledged),
) -> u32 {
    let mut kills = 0;
    let mut unharmed = 0;
    for n in 1.. {
        let directory = directory();
        let store = directory.path().join("store");
        copy(&found.path, &store);
        let traced = trace(&mut child.command(&store, task), Some(n));
        let mut heard = found.heard.clone();
        heard.take_all(&traced.report);
        look(&store, heard);
        unharmed = match traced.killed {
            true => 0,
            false => unharmed + 1,
        };
        kills += u32::from(traced.killed);
        if unharmed == 3 {
            break;
        }
    }
    kills
}

/// One in so many of the stores that kills have left is opened and killed again.
fn stride() -> usize {
    let wanted = std::env::var("BATCHYARD_DEPTH_TWO").ok();
    wanted.map_or(12, |text| text.parse().unwrap())
}

/// Checks a store that nobody needs any more.
fn check(backend: Backend, store: &Path, mut heard: Acknowledged) {
    check_after_death(backend, store, &mut heard, GoOn::Everything);
}

/// Sweeps one kind of work; what the kills leave is kept in a directory, each store once.
fn first_level(child: &Child, task: Task, found: &Store, keep: &Path) -> (u32, Vec<Store>) {
    let mut known = BTreeMap::new();
    let mut left: Vec<Store> = Vec::new();
    let kills = kill_at_each_call(child, task, found, |store, heard| {
        let number = *known.entry(State::of(store)).or_insert(left.len());
        match left.get_mut(number) {
            // A later kill has heard more of the same store.
            Some(same) => same.heard = heard.clone(),
            None => {
                let path = keep.join(number.to_string());
                copy(store, &path);
                let heard = heard.clone();
                left.push(Store { path, heard });
            }
        }
        check(child.backend, store, heard);
    });
    (kills, left)
}

/// Kills the opening that follows a kill, at each of its calls.
fn second_level(child: &Child, found: &Store) -> u32 {
    kill_at_each_call(child, Task::Open, found, |store, heard| {
        check(child.backend, store, heard);
    })
}

fn made(child: &Child, path: PathBuf, task: Task) -> Store {
    let mut heard = Acknowledged::default();
    let ended = child.run(&path, task, &mut heard);
    let killed = ended.signal() == Some(9);
    assert_eq!(killed, task == Task::LeaveAMess, "{ended}");
    Store { path, heard }
}

fn sweep(backend: Backend) {
    let began = Instant::now();
    let child = Child {
        program: env!("CARGO_BIN_EXE_crash-child").into(),
        backend,
    };
    let directory = directory();
    let nothing = Store {
        path: directory.path().join("nothing"),
        heard: Acknowledged::default(),
    };
    let prepared = made(&child, directory.path().join("prepared"), Task::Prepare);
    let mess = made(&child, directory.path().join("mess"), Task::LeaveAMess);
    let mut scenes = Verb::ALL.map(|verb| (Task::Do(verb), &prepared)).to_vec();
    scenes.extend([(Task::Open, &nothing), (Task::Open, &mess)]);
    let keep = directory.path().join("kept");
    let first = in_parallel(&scenes, |(task, found)| {
        let name = found.path.file_name().unwrap().to_str().unwrap();
        let (kills, left) = first_level(&child, *task, found, &keep.join(format!("{task} {name}")));
        println!(
            "{backend}: {task} of {name}: {kills} kills left {} stores",
            left.len()
        );
        assert!(kills > 5, "{kills}");
        (kills, left)
    });
    let kills: u32 = first.iter().map(|(kills, _)| kills).sum();
    let left: usize = first.iter().map(|(_, left)| left.len()).sum();
    let seconds = began.elapsed().as_secs();
    println!("{backend}: {kills} kills at depth 1 left {left} stores, {seconds} s");
    let picked = |left: &[Store]| left.iter().step_by(stride()).cloned().collect::<Vec<_>>();
    let picked: Vec<Store> = first.iter().flat_map(|(_, left)| picked(left)).collect();
    let kills: u32 = in_parallel(&picked, |store| second_level(&child, store))
        .iter()
        .sum();
    let (of, seconds) = (picked.len(), began.elapsed().as_secs());
    println!(
        "{backend}: {kills} kills at depth 2, of the opening of {of} of {left} stores, {seconds} s"
    );
}

#[test]
#[ignore = "needs to trace processes"]
fn on_sled_whatever_was_acknowledged_outlives_a_kill_at_every_storage_call_to_depth_two() {
    sweep(Backend::Sled);
}

#[test]
#[ignore = "needs to trace processes"]
fn on_a_log_whatever_was_acknowledged_outlives_a_kill_at_every_storage_call_to_depth_two() {
    sweep(Backend::Log);
}

#[test]
#[ignore = "needs to trace processes"]
fn on_redb_whatever_was_acknowledged_outlives_a_kill_at_every_storage_call_to_depth_two() {
    sweep(Backend::Redb);
}
