//! A process works on a sled store and is killed by signal 9; the store is opened and checked.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use batch_core::sled::SledStorage;
use batch_tests::crash::{Acknowledged, Line};
use batch_tests::recount;
use fastrand::Rng;

const CHILD: &str = env!("CARGO_BIN_EXE_crash-child");

/// How many times a process is killed; more by `BATCHYARD_KILLS`.
fn rounds() -> u64 {
    let wanted = std::env::var("BATCHYARD_KILLS");
    wanted.map_or(20, |text| text.parse().unwrap())
}

fn child(command: &mut Command, store: &Path, seed: u64, steps: u32) -> Child {
    command
        .arg(store)
        .args([seed.to_string(), steps.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Takes in all that a child reports until it ends.
fn listen(child: &mut Child, acknowledged: &mut Acknowledged) {
    let reports = BufReader::new(child.stdout.take().unwrap());
    for report in reports.lines() {
        // A line that the kill cut off was not received.
        if let Ok(line) = report.unwrap().parse::<Line>() {
            acknowledged.take(&line);
        }
    }
}

/// Opens the store as the next process would, and checks everything in it.
async fn check(store: &Path, acknowledged: &Acknowledged) {
    let storage = SledStorage::open(store).unwrap();
    acknowledged.check(&recount(&storage).await);
}

#[tokio::test]
async fn whatever_was_acknowledged_outlives_kills_at_random_moments() {
    let directory = tempfile::tempdir().unwrap();
    let first =
        std::env::var("BATCHYARD_SEED").map_or_else(|_| fastrand::u64(..), |s| s.parse().unwrap());
    println!("BATCHYARD_SEED={first}");
    let mut random = Rng::with_seed(first);
    let mut store = directory.path().join("0");
    let mut acknowledged = Acknowledged::default();
    for round in 0..rounds() {
        if round % 10 == 0 {
            // A store is killed ten times over, then a fresh one is made.
            store = directory.path().join(round.to_string());
            acknowledged = Acknowledged::default();
        }
        let mut worker = child(&mut Command::new(CHILD), &store, random.u64(..), u32::MAX);
        std::thread::sleep(Duration::from_micros(random.u64(0..150_000)));
        worker.kill().unwrap();
        listen(&mut worker, &mut acknowledged);
        worker.wait().unwrap();
        check(&store, &acknowledged).await;
    }
    println!(
        "{} kills, in the last store {}",
        rounds(),
        acknowledged.summary()
    );
}

/// The calls that change something outside the process.
const CALLS: &str = "pwrite64,write,fdatasync,fsync,sync_file_range,ftruncate,rename,unlink,openat";

/// Runs the script in a process that is killed at the `n`th call; tells whether it was.
fn killed_at(n: u32, store: &Path, acknowledged: &mut Acknowledged) -> bool {
    let mut strace = Command::new("strace");
    let inject = format!("inject={CALLS}:signal=KILL:when={n}");
    strace.args(["-f", "-o", "/dev/null", "-e", &format!("trace={CALLS}")]);
    strace.args(["-e", &inject, CHILD]);
    let mut worker = child(&mut strace, store, 1, 24);
    listen(&mut worker, acknowledged);
    !worker.wait().unwrap().success()
}

#[tokio::test]
#[ignore = "needs strace"]
async fn whatever_was_acknowledged_outlives_a_kill_at_every_storage_call_of_a_day() {
    let directory = tempfile::tempdir().unwrap();
    let mut unharmed = 0;
    let mut points = 0;
    for n in 1.. {
        let store = directory.path().join(n.to_string());
        let mut acknowledged = Acknowledged::default();
        match killed_at(n, &store, &mut acknowledged) {
            true => {
                points += 1;
                unharmed = 0;
            }
            false => unharmed += 1,
        }
        if unharmed == 3 {
            break;
        }
        println!("after a kill at call {n}: {}", acknowledged.summary());
        // The same script again over what the kill left, and whole this time.
        let mut again = child(&mut Command::new(CHILD), &store, 1, 24);
        listen(&mut again, &mut acknowledged);
        assert!(again.wait().unwrap().success());
        check(&store, &acknowledged).await;
        std::fs::remove_dir_all(&store).unwrap();
    }
    println!("{points} kill points");
    assert!(points > 100, "{points}");
}
