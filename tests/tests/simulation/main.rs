//! A deterministic simulation of the whole engine: one seed, one thread, simulated time.
//!
//! Submitters, dispatchers, executors, sinks and a meddler work on a store whose
//! disk loses commits, leaves them in doubt and dies in their midst; the process
//! dies at any moment and is started again on what was committed. A witness who
//! knows the rules and nothing of the engine follows the journal and every reply.
//!
//! `BATCHYARD_SIM_SEED=17` lives one seed and prints its trace to a file;
//! `BATCHYARD_SIM_SEEDS=1000` says how many seeds to live, `BATCHYARD_SIM_FIRST=1` with which
//! to begin, and `BATCHYARD_SIM_TWICE=200` how many to live twice and compare.
#![allow(clippy::unwrap_used)]

mod census;
mod changes;
mod disk;
mod errand;
mod listener;
mod meddler;
mod performer;
mod process;
mod sight;
mod simulate;
mod submitter;
mod tag;
mod watched_storage;
mod weather;
mod witness;
mod world;
mod world_clock;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sight::{Sight, Tally};
use simulate::{Lived, simulate};

/// How many seeds a test lives unless it is told otherwise.
const SEEDS: u64 = 100;
/// With this many seeds, everything that can happen has to have happened.
const ENOUGH: u64 = 1_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|e| panic!("{variable}={text}: {e}")),
    )
}

/// Where the trace of a seed is put, for people to read.
fn keep_trace(lived: &Lived) -> String {
    let path = std::env::temp_dir().join(format!("batchyard-sim-{}.trace", lived.seed));
    match std::fs::write(&path, &lived.trace) {
        Ok(()) => path.display().to_string(),
        Err(error) => format!("nowhere: {error}"),
    }
}

/// Lives one seed; what went wrong, in words, and how to see it again.
fn live(seed: u64) -> Result<Lived, String> {
    let lived = simulate(seed);
    let Some(wrong) = &lived.wrong else {
        return Ok(lived);
    };
    let trace = keep_trace(&lived);
    Err(format!(
        "seed {seed}: {wrong}\n  the trace is in {trace}; to see it again:\n  \
         BATCHYARD_SIM_SEED={seed} cargo test -p batch-tests --test simulation -- --nocapture"
    ))
}

/// Lives many seeds on all cores, each on one thread.
fn live_all(first: u64, seeds: u64) -> (Tally, Vec<String>) {
    let next = AtomicU64::new(first);
    let all = Mutex::new((Tally::default(), Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds || all.lock().unwrap().1.len() >= 5 {
                        return;
                    }
                    let lived = live(seed);
                    let mut all = all.lock().unwrap();
                    match lived {
                        Ok(lived) => all.0.add(&lived.tally),
                        Err(wrong) => all.1.push(wrong),
                    }
                }
            });
        }
    });
    all.into_inner().unwrap()
}

#[test]
fn whatever_strikes_nothing_is_lost_nothing_ends_twice_and_nothing_hangs() {
    if let Some(seed) = number("BATCHYARD_SIM_SEED") {
        let lived = live(seed).unwrap_or_else(|wrong| panic!("{wrong}"));
        println!("{}\nthe trace is in {}", lived.tally, keep_trace(&lived));
        return;
    }
    let first = number("BATCHYARD_SIM_FIRST").unwrap_or(1);
    let seeds = number("BATCHYARD_SIM_SEEDS").unwrap_or(SEEDS);
    let (tally, wrong) = live_all(first, seeds);
    println!("{seeds} seeds\n{tally}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if seeds >= ENOUGH {
        let unseen = tally.unseen();
        assert!(unseen.is_empty(), "never seen in {seeds} seeds: {unseen:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_by_byte() {
    // As many as it takes to see all weathers; more by the variable.
    for seed in 1..=number("BATCHYARD_SIM_TWICE").unwrap_or(8) {
        let (first, second) = (simulate(seed), simulate(seed));
        let differ = || {
            let pairs = first.trace.lines().zip(second.trace.lines());
            pairs.enumerate().find(|(_, (a, b))| a != b)
        };
        assert!(first.trace == second.trace, "seed {seed}: {:?}", differ());
        assert!(
            first.trace.lines().count() > 50,
            "seed {seed} has hardly a trace"
        );
        assert!(first.tally.of(Sight::Process) > 0);
    }
}
