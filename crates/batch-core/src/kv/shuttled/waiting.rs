//! Claims that wait while others store, go away and close.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;
use shuttle::future::block_on;
use shuttle::thread;

use super::ground::{AfterDeath, Ground, new_batch, patient_request, run_id};
use super::schedules::under_many_schedules;
use crate::storage::{Disposition, ErrorKind, Settlement, Storage};

/// Claims with patience, and goes away after so many looks. What has arrived by then is given back.
fn look_and_leave(ground: &Ground, looks: u32) {
    let mut claim = ground.storage.claim(patient_request(1));
    for _ in 0..looks {
        let polled = block_on(poll_fn(|cx| Poll::Ready(claim.as_mut().poll(cx))));
        if let Poll::Ready(claimed) = polled {
            // The store may be closed by now.
            if let Ok(claimed) = claimed {
                let back = claimed.runs.into_iter();
                let back = back.map(|run| Settlement::new(run.claim, Disposition::Released));
                let _ = block_on(ground.storage.settle(back.collect()));
            }
            return;
        }
        thread::yield_now();
    }
}

/// Two wait for runs that two others store.
fn who_waits_is_served(ground: &Ground) {
    let runs = Arc::new(Mutex::new(Vec::new()));
    let mut threads = Vec::new();
    for _ in 0..2 {
        let (ground, runs) = (ground.clone(), Arc::clone(&runs));
        threads.push(thread::spawn(move || {
            let granted = ground.claim_patiently().unwrap();
            runs.lock()
                .extend(granted.iter().map(|run| run.claim.run()));
        }));
    }
    for number in 1..=2 {
        let ground = ground.clone();
        threads.push(thread::spawn(move || ground.submit(number, 1).unwrap()));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let mut runs = std::mem::take(&mut *runs.lock());
    runs.sort_unstable();
    assert_eq!(runs, [run_id(1, 0), run_id(2, 0)]);
}

/// One waits, and two who waited with him go away, whether or not they were granted the run.
fn who_stays_is_served(ground: &Ground) {
    let mut threads = Vec::new();
    for looks in 1..=2 {
        let ground = ground.clone();
        threads.push(thread::spawn(move || look_and_leave(&ground, looks)));
    }
    let other = ground.clone();
    threads.push(thread::spawn(move || other.submit(1, 1).unwrap()));
    let runs = ground.claim_patiently().unwrap();
    assert_eq!((runs.len(), runs[0].interruptions), (1, 0));
    for thread in threads {
        thread.join().unwrap();
    }
    let batch = ground.batch(1).unwrap().unwrap();
    assert_eq!(batch.counts.processing, 1);
}

/// Two wait, one stores and one closes.
fn a_close_amid_claims_that_wait(ground: &Ground) {
    let mut threads = Vec::new();
    for _ in 0..2 {
        let ground = ground.clone();
        threads.push(thread::spawn(move || {
            match block_on(ground.storage.claim(patient_request(1))) {
                Ok(claimed) => assert_eq!(claimed.runs.len(), 1),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Closed, "{error}"),
            }
        }));
    }
    let other = ground.clone();
    threads.push(thread::spawn(move || match other.submit(1, 1) {
        Ok(()) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::Closed, "{error}"),
    }));
    block_on(ground.storage.close()).unwrap();
    assert!(!ground.kv.is_open(), "it is closed and its map is not free");
    for thread in threads {
        thread.join().unwrap();
    }
    let found = ground.after_death();
    if found.batch(1).is_some() {
        let run = found.run(run_id(1, 0));
        assert_eq!(run.interruptions, 0, "it was held and not given back");
    }
}

/// Claims wait, are dropped amid a submit, and then the store is.
fn a_drop_amid_claims_that_wait(ground: Ground) {
    let kv = ground.kv.clone();
    let mut threads = Vec::new();
    for looks in 1..=2 {
        let ground = ground.clone();
        threads.push(thread::spawn(move || look_and_leave(&ground, looks)));
    }
    let other = ground.clone();
    threads.push(thread::spawn(move || {
        let mut call = other.storage.insert(new_batch(1, 1));
        let _ = block_on(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))));
        drop(call);
    }));
    drop(ground);
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(!kv.is_open(), "everybody is gone and the map is not free");
    assert!(AfterDeath::of(&kv).batch(1).is_some(), "it was handed in");
}

#[test]
fn claims_that_wait_get_a_run_each() {
    under_many_schedules(|| who_waits_is_served(&Ground::with_thread()));
}

#[test]
fn claims_that_wait_where_callers_run_the_store_get_a_run_each() {
    under_many_schedules(|| who_waits_is_served(&Ground::inline()));
}

#[test]
fn what_is_granted_to_who_went_away_goes_to_who_still_waits() {
    under_many_schedules(|| who_stays_is_served(&Ground::with_thread()));
}

#[test]
fn callers_that_run_the_store_give_it_to_who_still_waits_too() {
    under_many_schedules(|| who_stays_is_served(&Ground::inline()));
}

#[test]
fn a_close_answers_the_claims_that_wait_and_leaves_nothing_held() {
    under_many_schedules(|| a_close_amid_claims_that_wait(&Ground::with_thread()));
}

#[test]
fn a_close_by_callers_that_run_the_store_does_the_same() {
    under_many_schedules(|| a_close_amid_claims_that_wait(&Ground::inline()));
}

#[test]
fn claims_that_waited_keep_no_store_open() {
    under_many_schedules(|| a_drop_amid_claims_that_wait(Ground::with_thread()));
    under_many_schedules(|| a_drop_amid_claims_that_wait(Ground::inline()));
}
