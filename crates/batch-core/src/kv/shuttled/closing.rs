//! Dropping and closing a store while callers are at it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;
use shuttle::future::block_on;
use shuttle::thread;

use super::ground::{AfterDeath, Ground, claim_request, new_batch, run_id};
use super::schedules::under_many_schedules;
use crate::journal::Sequence;
use crate::storage::{ErrorKind, Storage, StorageError};

fn assert_closed(error: &StorageError) {
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
}

/// Two submit, one claims, one waits, and two close it.
pub(super) fn a_close_amid_calls(ground: &Ground) {
    ground.submit(1, 2).unwrap();
    let stored = Arc::new(Mutex::new(vec![1]));
    let mut threads = Vec::new();
    let mut spawn = |story: Box<dyn FnOnce(&Ground) + Send>| {
        let ground = ground.clone();
        threads.push(thread::spawn(move || story(&ground)));
    };
    for caller in 1..=2 {
        let stored = Arc::clone(&stored);
        spawn(Box::new(move |ground| {
            for number in (0..3).map(|n| caller * 10 + n) {
                match ground.submit(number, 1) {
                    Ok(()) => stored.lock().push(number),
                    Err(error) => return assert_closed(&error),
                }
            }
        }));
    }
    spawn(Box::new(|ground| {
        match block_on(ground.storage.claim(claim_request(1))) {
            Ok(claimed) => assert_eq!(claimed.runs.len(), 1),
            Err(error) => assert_closed(&error),
        }
    }));
    spawn(Box::new(|ground| {
        let mut seen = Sequence::START;
        loop {
            match block_on(ground.storage.wait(seen)) {
                Ok(reached) => seen = reached,
                Err(error) => return assert_closed(&error),
            }
        }
    }));
    for _ in 0..2 {
        spawn(Box::new(|ground| {
            block_on(ground.storage.close()).unwrap();
            assert!(!ground.kv.is_open(), "it is closed and its map is not free");
            assert_closed(&ground.batch(1).unwrap_err());
        }));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let found = ground.after_death();
    for number in stored.lock().iter() {
        assert!(found.batch(*number).is_some(), "batch {number} is lost");
    }
    for ordinal in 0..2 {
        let run = found.run(run_id(1, ordinal));
        assert_eq!(run.interruptions, 0, "it was held and not given back");
    }
}

#[test]
fn a_close_amid_calls_answers_them_all_and_frees_the_map() {
    under_many_schedules(|| a_close_amid_calls(&Ground::with_thread()));
}

#[test]
fn a_close_of_a_store_that_its_callers_run_does_the_same() {
    under_many_schedules(|| a_close_amid_calls(&Ground::inline()));
}

/// Callers hand something in, do not wait for it, and let go of the store.
pub(super) fn a_drop_amid_calls() {
    let ground = Ground::with_thread();
    ground.submit(1, 2).unwrap();
    let kv = ground.kv.clone();
    let submit = |number: u128| {
        let ground = ground.clone();
        thread::spawn(move || {
            let mut call = ground.storage.insert(new_batch(number, 1));
            let _ = block_on(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))));
            drop(call);
        })
    };
    let mut threads: Vec<_> = (2..=3).map(submit).collect();
    let other = ground.clone();
    threads.push(thread::spawn(move || {
        let mut claim = other.storage.claim(claim_request(1));
        let polled = block_on(poll_fn(|cx| Poll::Ready(claim.as_mut().poll(cx))));
        // One that has arrived is held until the process dies.
        if let Poll::Ready(claimed) = polled {
            std::mem::forget(claimed);
        }
        drop(claim);
    }));
    drop(ground);
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(!kv.is_open(), "everybody is gone and the map is not free");
    let found = AfterDeath::of(&kv);
    for number in 1..=3 {
        assert!(
            found.batch(number).is_some(),
            "batch {number} was handed in"
        );
    }
}

#[test]
fn a_store_dropped_amid_calls_does_what_was_handed_in() {
    under_many_schedules(a_drop_amid_calls);
}
