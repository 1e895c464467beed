use std::thread::available_parallelism;
use std::time::Instant;

use stateright::{Checker, Model};

use super::bounds::{Bounds, Commits, Reviews};
use super::day_model::DayModel;
use super::fault::Fault;
use super::promise::Promise;
use super::sight::Sight;

const TWO_BY_TWO: Bounds = Bounds {
    runs: 2,
    workers: 2,
    attempts: 2,
    interruptions: 1,
    commits: Commits::Succeed,
    reviews: Reviews::Never,
};

/// The rules themselves end a run that is interrupted a sixth time.
const WITHOUT_END: u32 = 6;

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/model-checking.md");
    std::fs::read_to_string(path).unwrap()
}

fn assert_told(text: &str) {
    assert!(
        page().contains(text),
        "docs/model-checking.md should say:\n{text}"
    );
}

/// A number with a comma before each three digits.
fn spelled(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", spelled(number / 1_000), number % 1_000),
    }
}

fn row(bounds: Bounds, states: usize) -> String {
    let commits = match bounds.commits {
        Commits::Succeed => "between commits",
        Commits::MayFail => "in commits too",
    };
    let Bounds {
        runs,
        workers,
        attempts,
        ..
    } = bounds;
    let interruptions = match bounds.interruptions {
        WITHOUT_END.. => "any".to_owned(),
        most => most.to_string(),
    };
    let reviews = match bounds.reviews {
        Reviews::Never => "no",
        Reviews::May => "yes",
    };
    let states = spelled(states);
    format!(
        "| {runs} | {workers} | {attempts} | {interruptions} | {commits} | {reviews} | {states} |"
    )
}

/// Explores all days within the bounds; gives what the page says of it.
fn explore(bounds: Bounds) -> String {
    let threads = available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let checker = DayModel::new(bounds, None).checker().threads(threads);
    let checker = checker.spawn_bfs().join();
    let states = checker.unique_state_count();
    let row = row(bounds, states);
    let (steps, took) = (spelled(checker.state_count()), began.elapsed());
    println!("{row} {steps} steps taken, {took:?}");
    let model = checker.model();
    for sight in Sight::ALL {
        println!("{:>9} {}", model.sights.times(sight), sight.text());
    }
    if let Some(day) = model.broken.lock().as_ref() {
        panic!("{}", model.tell_story(&day.story));
    }
    checker.assert_properties();
    row
}

/// Finds a shortest way in which a variant breaks this promise; the page must tell it.
fn refute(fault: Fault, promise: Promise) {
    let checker = DayModel::new(TWO_BY_TWO, Some(fault)).checker();
    let checker = checker.spawn_bfs().join();
    let model = checker.model();
    let broken = model.broken.lock().clone();
    let day = broken.expect("the variant is broken");
    assert_eq!(day.breach, Some(promise));
    assert_told(&model.tell_story(&day.story));
}

#[test]
fn two_runs_by_two_workers_keep_every_promise_on_every_day() {
    assert_told(&explore(TWO_BY_TWO));
}

#[test]
fn one_run_keeps_every_promise_however_often_its_holder_dies_and_commits_fail() {
    assert_told(&explore(Bounds {
        runs: 1,
        workers: 1,
        interruptions: WITHOUT_END,
        commits: Commits::MayFail,
        ..TWO_BY_TWO
    }));
}

#[test]
fn one_run_that_may_need_review_keeps_every_promise_on_every_day() {
    assert_told(&explore(Bounds {
        runs: 1,
        workers: 1,
        interruptions: WITHOUT_END,
        reviews: Reviews::May,
        ..TWO_BY_TWO
    }));
}

#[test]
#[ignore = "needs a release build"]
fn two_runs_that_may_need_review_keep_every_promise_on_every_day() {
    assert_told(&explore(Bounds {
        reviews: Reviews::May,
        ..TWO_BY_TWO
    }));
}

#[test]
#[ignore = "needs a release build"]
fn two_runs_by_two_workers_keep_every_promise_when_any_commit_may_fail() {
    assert_told(&explore(Bounds {
        commits: Commits::MayFail,
        ..TWO_BY_TWO
    }));
}

#[test]
#[ignore = "needs a release build"]
fn two_runs_by_two_workers_keep_every_promise_however_often_their_holders_die() {
    assert_told(&explore(Bounds {
        interruptions: WITHOUT_END,
        ..TWO_BY_TWO
    }));
}

#[test]
#[ignore = "needs a release build"]
fn three_runs_by_two_workers_keep_every_promise_on_every_day() {
    assert_told(&explore(Bounds {
        runs: 3,
        ..TWO_BY_TWO
    }));
}

#[test]
fn without_fencing_a_late_worker_settles_a_run_that_another_holds() {
    refute(Fault::NoFencing, Promise::Fencing);
}

#[test]
fn counts_in_a_commit_of_their_own_are_wrong_after_a_death() {
    refute(Fault::CountsApart, Promise::Counts);
}

#[test]
fn without_a_lookup_of_the_key_a_second_submit_stores_a_second_batch() {
    refute(Fault::NoKeyLookup, Promise::OneKey);
}

#[test]
fn inputs_in_a_second_commit_leave_a_batch_without_them_after_a_death() {
    refute(Fault::FanOutInTwo, Promise::Whole);
}

#[test]
fn a_sink_that_marks_before_it_sends_loses_events_when_the_process_dies() {
    refute(Fault::MarksFirst, Promise::Sink);
}

#[test]
fn the_page_lists_every_promise_and_every_sight() {
    let promises = Promise::ALL.map(Promise::text);
    for text in promises.into_iter().chain(Sight::ALL.map(Sight::text)) {
        assert_told(&format!("- {text}\n"));
    }
}
