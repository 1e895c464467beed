//! Commits that fail.

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use super::ground::Ground;
use super::schedules::under_many_schedules;
use super::watched_kv::Plan;
use crate::storage::{ErrorKind, StorageError};

const CALLERS: u128 = 3;
const EACH: u128 = 2;

type Answer = (u128, Option<ErrorKind>);

fn kind(answer: Result<(), StorageError>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind())
}

/// Submits a few batches, one after the other.
fn submit(ground: &Ground, caller: u128) -> Vec<Answer> {
    let numbers = (0..EACH).map(|n| caller * EACH + n + 1);
    numbers.map(|n| (n, kind(ground.submit(n, 1)))).collect()
}

/// Several submit until after a commit has failed; gives what each was told.
fn until_a_commit_fails(ground: &Ground, plan: fn(u64) -> Plan) -> Vec<Vec<Answer>> {
    let later = thread_rng().gen_range(0..3);
    ground.kv.plan(plan(ground.kv.commits() + later));
    let callers = (0..CALLERS).map(|caller| {
        let ground = ground.clone();
        thread::spawn(move || submit(&ground, caller))
    });
    let callers: Vec<_> = callers.collect();
    let reader = ground.clone();
    let reader = thread::spawn(move || {
        for number in 1..=CALLERS * EACH {
            // It may be in doubt; if it is shown, it is durable.
            let _ = reader.batch(number);
        }
        let _ = reader.head();
    });
    reader.join().unwrap();
    callers
        .into_iter()
        .map(|caller| caller.join().unwrap())
        .collect()
}

/// What is told of a commit that fails, and after it.
fn a_failing_commit(plan: fn(u64) -> Plan) {
    let ground = Ground::with_thread();
    let told = until_a_commit_fails(&ground, plan);
    for answers in &told {
        // First those before the commit, then at most one in it, then those after it.
        let kinds: Vec<_> = answers.iter().map(|(_, kind)| *kind).collect();
        let order = |kind: &Option<ErrorKind>| match kind {
            None => 0,
            Some(ErrorKind::InDoubt) => 1,
            Some(ErrorKind::Refusing) => 2,
            Some(other) => panic!("{other:?}"),
        };
        assert!(kinds.is_sorted_by_key(order), "{kinds:?}");
    }
    let told: Vec<Answer> = told.into_iter().flatten().collect();
    let doubt = told.iter().filter(|(_, k)| *k == Some(ErrorKind::InDoubt));
    assert_eq!(doubt.count(), ground.kv.failed_batches());
    for (number, kind) in told {
        let read = ground.batch(number);
        match kind {
            None => assert!(read.unwrap().is_some(), "batch {number} is lost"),
            Some(ErrorKind::InDoubt) => assert!(!matches!(read, Ok(Some(_))), "{read:?}"),
            _ => assert!(read.unwrap().is_none(), "batch {number} was refused"),
        }
    }
}

#[test]
fn a_commit_that_fails_puts_its_whole_group_in_doubt_and_refuses_the_rest() {
    under_many_schedules(|| a_failing_commit(Plan::LoseFrom));
}

#[test]
fn a_commit_that_fails_after_it_was_written_is_shown_to_nobody() {
    under_many_schedules(|| a_failing_commit(Plan::DoubtFrom));
}
