//! Callers from several threads.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;
use shuttle::future::block_on;
use shuttle::thread;

use super::ground::{Ground, batch_id, claim_request, run_id};
use super::schedules::under_many_schedules;
use crate::id::RunId;
use crate::storage::{ClaimToken, Disposition, Settled, Settlement, Storage};

/// The batches of the story and how many runs each has.
const BATCHES: [(u128, u32); 2] = [(1, 2), (2, 2)];

/// What all claimers together saw.
#[derive(Debug, Default)]
struct Tally {
    tokens: BTreeSet<ClaimToken>,
    ends: BTreeMap<RunId, u32>,
}

fn is_over(ground: &Ground) -> bool {
    let finished = |number| {
        let batch = ground.batch(number).unwrap();
        batch.is_some_and(|batch| batch.is_finished())
    };
    BATCHES.iter().all(|(number, _)| finished(*number))
}

/// Claims and settles until both batches have finished.
fn work(ground: &Ground, tally: &Mutex<Tally>) {
    loop {
        let head = ground.head().unwrap();
        if is_over(ground) {
            return;
        }
        let runs = ground.claim(1).unwrap();
        if runs.is_empty() {
            ground.wait(head).unwrap();
        }
        for run in runs {
            let key = run.claim.key();
            assert!(tally.lock().tokens.insert(key.token), "granted twice");
            let held = tally.lock().ends.contains_key(&key.run);
            assert!(!held, "{} goes to a second claimer", key.run);
            let settled = ground.settle(run).unwrap();
            assert!(matches!(settled, Settled::Applied(_)), "{settled:?}");
            *tally.lock().ends.entry(key.run).or_default() += 1;
        }
    }
}

/// Two claim and settle while two submit.
pub(super) fn a_day_of_work(ground: &Ground) {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut threads = Vec::new();
    for (number, inputs) in BATCHES {
        let ground = ground.clone();
        threads.push(thread::spawn(move || {
            ground.submit(number, inputs).unwrap()
        }));
    }
    for _ in 0..2 {
        let (ground, tally) = (ground.clone(), Arc::clone(&tally));
        threads.push(thread::spawn(move || work(&ground, &tally)));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let ends = std::mem::take(&mut tally.lock().ends);
    let all = BATCHES
        .iter()
        .flat_map(|(b, runs)| (0..*runs).map(|n| run_id(*b, n)));
    assert_eq!(ends, all.map(|run| (run, 1)).collect());
}

#[test]
fn answers_come_after_their_commit_and_each_claim_goes_to_one() {
    under_many_schedules(|| a_day_of_work(&Ground::with_thread()));
}

#[test]
fn callers_that_run_the_store_themselves_get_the_same() {
    under_many_schedules(|| a_day_of_work(&Ground::inline()));
}

#[test]
fn callers_share_commits() {
    let counts = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&counts);
    under_many_schedules(move || {
        let ground = Ground::with_thread();
        let before = ground.kv.commits();
        let submit = |number| {
            let ground = ground.clone();
            thread::spawn(move || ground.submit(number, 1).unwrap())
        };
        let threads: Vec<_> = (1..=4).map(submit).collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        seen.lock().insert(ground.kv.commits() - before);
    });
    let seen = counts.lock();
    assert!(seen.contains(&1), "four never shared one commit: {seen:?}");
    assert!(seen.len() > 1, "no order made a difference: {seen:?}");
}

#[test]
fn a_claim_whose_caller_went_away_is_given_back() {
    under_many_schedules(|| {
        let ground = Ground::with_thread();
        ground.submit(1, 3).unwrap();
        let other = ground.clone();
        let quitter = thread::spawn(move || {
            let mut claim = other.storage.claim(claim_request(2));
            let polled = block_on(poll_fn(|cx| Poll::Ready(claim.as_mut().poll(cx))));
            thread::yield_now();
            drop(claim);
            if let Poll::Ready(claimed) = polled {
                let back = claimed.unwrap().runs.into_iter();
                let back = back.map(|run| Settlement::new(run.claim, Disposition::Released));
                block_on(other.storage.settle(back.collect())).unwrap();
            }
        });
        let mut claimed = 0;
        while claimed < 3 {
            let head = ground.head().unwrap();
            let runs = ground.claim(3).unwrap();
            assert!(runs.iter().all(|run| run.interruptions == 0));
            claimed += runs.len();
            if runs.is_empty() {
                ground.wait(head).unwrap();
            }
        }
        quitter.join().unwrap();
        let batch = ground.batch(1).unwrap().unwrap();
        assert_eq!(batch.id, batch_id(1));
        assert_eq!(batch.counts.processing, 3);
    });
}
