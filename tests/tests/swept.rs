//! A process is killed at each of its storage calls, of each kind of work, and so is the opening after it.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use batch_tests::crash::{
    Acknowledged, Backend, Child, GoOn, State, Task, Verb, check_after_death, copy, in_parallel,
    trace,
};

/// A store that nobody has open, and what was heard of it.
#[derive(Debug, Clone)]
struct Store {
    path: PathBuf,
    heard: Acknowledged,
}

/// What a sweep came to.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    kills: u32,
    states: usize,
}

/// The stores that kills have left, each once.
#[derive(Debug, Default)]
struct Left {
    stores: Mutex<BTreeMap<State, Store>>,
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
        let directory = tempfile::tempdir().unwrap();
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

/// Opens a copy of a store, or the store itself if nobody needs it any more, and checks it.
fn check(backend: Backend, store: &Path, mut heard: Acknowledged) {
    check_after_death(backend, store, &mut heard, GoOn::Everything);
}

/// Sweeps one kind of work; what the kills leave is kept in a directory.
fn first_level(child: &Child, task: Task, found: &Store, keep: &Path) -> (Sum, Vec<Store>) {
    let left = Left::default();
    let kills = kill_at_each_call(child, task, found, |store, heard| {
        let state = State::of(store);
        let mut stores = left.stores.lock().unwrap();
        let number = stores.len();
        stores.entry(state).or_insert_with(|| {
            let path = keep.join(format!("{task} {number}"));
            copy(store, &path);
            let heard = heard.clone();
            Store { path, heard }
        });
        drop(stores);
        check(child.backend, store, heard);
    });
    let stores: Vec<Store> = left.stores.into_inner().unwrap().into_values().collect();
    let states = stores.len();
    (Sum { kills, states }, stores)
}

/// Kills the opening that follows a kill, at each of its calls.
fn second_level(child: &Child, found: &Store) -> u32 {
    kill_at_each_call(child, Task::Open, found, |store, heard| {
        check(child.backend, store, heard);
    })
}

fn made(child: &Child, path: PathBuf, task: Task) -> Store {
    let mut heard = Acknowledged::default();
    child.run(&path, task, &mut heard);
    assert!(path.exists());
    Store { path, heard }
}

fn sweep(backend: Backend) {
    let began = Instant::now();
    let child = Child {
        program: env!("CARGO_BIN_EXE_crash-child").into(),
        backend,
    };
    let directory = tempfile::tempdir().unwrap();
    let nothing = Store {
        path: directory.path().join("nothing"),
        heard: Acknowledged::default(),
    };
    let prepared = made(&child, directory.path().join("prepared"), Task::Prepare);
    let mess = made(&child, directory.path().join("mess"), Task::LeaveAMess);
    let mut scenes = vec![("creating", Task::Open, &nothing), ("opening", Task::Open, &mess)];
    scenes.extend(Verb::ALL.map(|verb| ("", Task::Do(verb), &prepared)));
    let keep = directory.path().join("kept");
    let first = in_parallel(&scenes, |(name, task, found)| {
        first_level(&child, *task, found, &keep.join(name))
    });
    for ((name, task, _), (sum, _)) in scenes.iter().zip(&first) {
        println!("{backend}, {name} {task}: {} kills, {} states left", sum.kills, sum.states);
        assert!(sum.kills > 3, "{task}");
    }
    let firsts: u32 = first.iter().map(|(sum, _)| sum.kills).sum();
    println!("{backend}: {firsts} kills at depth 1 after {} s", began.elapsed().as_secs());
    let left: Vec<Store> = first.into_iter().flat_map(|(_, stores)| stores).collect();
    let seconds: u32 = in_parallel(&left, |store| second_level(&child, store)).into_iter().sum();
    println!(
        "{backend}: {firsts} kills at depth 1 left {} states, {seconds} kills of openings at depth 2, \
         nothing lost, doubled or partial, {} s",
        left.len(),
        began.elapsed().as_secs()
    );
}

#[test]
#[ignore = "needs to trace processes"]
fn on_sled_whatever_was_acknowledged_outlives_a_kill_at_every_storage_call_to_depth_two() {
    sweep(Backend::Sled);
}

#[test]
#[ignore = "needs to trace processes"]
fn on_redb_whatever_was_acknowledged_outlives_a_kill_at_every_storage_call_to_depth_two() {
    sweep(Backend::Redb);
}
