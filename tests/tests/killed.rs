//! A process works on a store and is killed by signal 9; the store is opened and checked.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use batch_tests::crash::{Acknowledged, Backend, Child, GoOn, Task, check_after_death};
use fastrand::Rng;

/// How many times a process is killed; more by `BATCHYARD_KILLS`.
fn rounds() -> u64 {
    let wanted = std::env::var("BATCHYARD_KILLS");
    wanted.map_or(20, |text| text.parse().unwrap())
}

fn seed() -> u64 {
    let wanted = std::env::var("BATCHYARD_SEED");
    wanted.map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap())
}

/// Kills a process at a random moment: every other time of its start and opening, or else of
/// its work; gives what it had reported.
fn kill_one(child: &Child, store: &Path, random: &mut Rng) -> String {
    let task = Task::Random(random.u64(..));
    let mut worker = child.command(store, task).spawn().unwrap();
    let mut out = BufReader::new(worker.stdout.take().unwrap());
    let (opened, is_open) = mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut report = String::new();
        while out.read_line(&mut report).unwrap() > 0 {
            if report.ends_with("opened\n") {
                let _ = opened.send(());
            }
        }
        report
    });
    if random.bool() {
        // Where it does not open, the check will say why.
        let _ = is_open.recv();
    }
    std::thread::sleep(Duration::from_micros(random.u64(0..150_000)));
    worker.kill().unwrap();
    worker.wait().unwrap();
    listener.join().unwrap()
}

fn kill_at_random(backend: Backend) {
    let began = Instant::now();
    let seed = seed();
    println!("{backend}: BATCHYARD_SEED={seed}");
    let child = Child {
        program: env!("CARGO_BIN_EXE_crash-child").into(),
        backend,
    };
    let directory = tempfile::tempdir().unwrap();
    let mut random = Rng::with_seed(seed);
    let mut store = directory.path().join("0");
    let mut heard = Acknowledged::default();
    let mut ends = 0;
    for round in 0..rounds() {
        if round % 10 == 0 {
            // A store is killed ten times over, then a fresh one is made.
            store = directory.path().join(round.to_string());
            ends += heard.ends();
            heard = Acknowledged::default();
        }
        heard.take_all(&kill_one(&child, &store, &mut random));
        let go_on = match round % 10 {
            9 => GoOn::Everything,
            _ => GoOn::Fresh,
        };
        check_after_death(backend, &store, &mut heard, go_on);
    }
    println!(
        "{backend}: {} kills, {} ends of runs, nothing lost, doubled or partial, {} s; the last store: {}",
        rounds(),
        ends + heard.ends(),
        began.elapsed().as_secs(),
        heard.summary(),
    );
}

#[test]
fn on_sled_whatever_was_acknowledged_outlives_kills_at_random_moments() {
    kill_at_random(Backend::Sled);
}

#[test]
fn on_a_log_whatever_was_acknowledged_outlives_kills_at_random_moments() {
    kill_at_random(Backend::Log);
}

#[test]
fn on_redb_whatever_was_acknowledged_outlives_kills_at_random_moments() {
    kill_at_random(Backend::Redb);
}
