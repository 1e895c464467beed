use std::time::Duration;

use crate::conformance::sample::{
    failed, needs_review, output, processed, request, retry, snooze, step,
};
use crate::conformance::yard::{LEASE, Yard, run_id};
use crate::id::RunId;
use crate::ordinal::Ordinal;
use crate::run::{Step, Steps, StepsFull};
use crate::storage::{ClaimedRun, Disposition, StepReply};
use crate::time::Clock;

fn told(names: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, result): &(&str, &str)| ((*name).to_owned(), (*result).to_owned());
    names.iter().map(own).collect()
}

/// Claims the one run that is due, which has recorded so many steps.
async fn claim_with(yard: &Yard, steps: u32) -> ClaimedRun {
    let run = yard.claim_one().await;
    assert_eq!(run.steps, steps, "{run:?}");
    run
}

/// Shows: "It is recorded only if the claim is current, else it is StepReply::Stale and changes nothing."
/// Shows: "It says how many steps it has recorded."
/// Shows: "Reads what a run has recorded of its steps, in the order of recording."
/// Shows: "Nothing where the run has ended, is in review or is not there."
/// Shows: "What is recorded stays until the run ends or goes into review, whoever holds it."
/// Shows: "After that no call returns it."
pub(crate) async fn a_recorded_step_comes_back_with_every_attempt_until_the_run_ends(
    yard: &mut Yard,
) {
    let id = yard.submit(1).await;
    let run = run_id(id, 0);
    let mut expected: Vec<(String, String)> = Vec::new();
    let ends = [retry(0), Disposition::Released, snooze(0), processed()];
    for (n, how) in (0u32..).zip(ends) {
        let claimed = claim_with(yard, n).await;
        assert_eq!(yard.steps(run).await, expected);
        let (name, result) = (format!("step {}", 9 - n), format!("result {n}"));
        let reply = yard.record(claimed.claim.key(), step(&name, &result)).await;
        assert_eq!(reply, StepReply::Recorded);
        expected.push((name, result));
        assert_eq!(yard.steps(run).await, expected);
        assert_eq!(yard.run(id, 0).await.steps, n + 1);
        yard.settle(claimed, how).await;
    }
    assert!(yard.steps(run).await.is_empty());
    assert_eq!(yard.run(id, 0).await.steps, 0);
    assert!(yard.batch(id).await.is_finished());
    let elsewhere = RunId::new(crate::id::BatchId::generate(), Ordinal::new(0));
    assert!(yard.steps(elsewhere).await.is_empty());
    yard.recount(id).await;
}

/// Shows: "Records what a step of a held run came to."
pub(crate) async fn a_run_has_its_own_steps_and_no_other_run_sees_them(yard: &mut Yard) {
    let id = yard.submit(40).await;
    let claimed = yard.claim(40).await;
    for run in &claimed {
        let ordinal = run.claim.run().ordinal();
        if ordinal.get() % 3 == 0 {
            let step = step("a", &format!("{ordinal}"));
            let reply = yard.record(run.claim.key(), step).await;
            assert_eq!(reply, StepReply::Recorded);
        }
    }
    for (n, run) in claimed.into_iter().enumerate() {
        let how = match n % 2 {
            0 => failed("X"),
            _ => Disposition::Released,
        };
        yard.settle(run, how).await;
    }
    for ordinal in 0..40 {
        let expected = match ordinal % 3 == 0 && ordinal % 2 == 1 {
            true => told(&[("a", &ordinal.to_string())]),
            false => Vec::new(),
        };
        assert_eq!(yard.steps(run_id(id, ordinal)).await, expected, "{ordinal}");
    }
    yard.recount(id).await;
}

/// Shows: "A name that the run has recorded keeps its result: the reply is StepReply::Known and brings it."
/// Shows: "So repeating the call is safe."
pub(crate) async fn a_step_that_is_recorded_again_keeps_its_first_result(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    let key = run.claim.key();
    yard.record(key, step("a", "first")).await;
    yard.record(key, step("b", "other")).await;
    for again in ["first", "second"] {
        let reply = yard.record(key, step("a", again)).await;
        assert_eq!(reply, StepReply::Known(step("a", "first")));
    }
    yard.settle(run, retry(0)).await;
    let key = yard.claim_one().await.claim.key();
    let reply = yard.record(key, step("a", "third")).await;
    assert_eq!(reply, StepReply::Known(step("a", "first")));
    let expected = told(&[("a", "first"), ("b", "other")]);
    assert_eq!(yard.steps(run_id(id, 0)).await, expected);
}

/// Shows: "It is recorded only if the claim is current, else it is StepReply::Stale and changes nothing."
pub(crate) async fn only_the_holder_of_the_claim_records(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let late = yard.claim_one().await.claim.key();
    yard.record(late, step("a", "in time")).await;
    yard.clock().advance(LEASE);
    let mut claimed = yard.claim(2).await.into_iter();
    let run = claimed.find(|run| run.claim.run() == late.run);
    let run = run.expect("its claim ran out");
    assert_eq!(run.steps, 1);
    let reply = yard.record(late, step("b", "late")).await;
    assert_eq!(reply, StepReply::Stale);
    assert_eq!(yard.steps(late.run).await, told(&[("a", "in time")]));
    let key = run.claim.key();
    let reply = yard.record(key, step("b", "mine")).await;
    assert_eq!(reply, StepReply::Recorded);
    yard.settle(run, processed()).await;
    let reply = yard.record(key, step("c", "after")).await;
    assert_eq!(reply, StepReply::Stale);
    assert!(yard.steps(late.run).await.is_empty());
    yard.recount(id).await;
}

/// Shows: "Past a bound of Steps the reply is StepReply::Refused and nothing is changed."
pub(crate) async fn steps_past_the_bound_are_refused_and_change_nothing(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let mut held = yard.claim(2).await;
    let many = held.remove(0);
    for n in 0..Steps::MOST {
        let reply = yard
            .record(many.claim.key(), step(&format!("{n}"), ""))
            .await;
        assert_eq!(reply, StepReply::Recorded);
    }
    let reply = yard.record(many.claim.key(), step("more", "")).await;
    let limit = Steps::MOST;
    assert_eq!(reply, StepReply::Refused(StepsFull::TooMany { limit }));
    assert_eq!(yard.steps(many.claim.run()).await.len(), limit);
    let large = held.remove(0);
    // A name of one byte, and two quotes around the text.
    let most = "x".repeat(Steps::MAX_BYTES - 3);
    let reply = yard.record(large.claim.key(), step("a", &most)).await;
    assert_eq!(reply, StepReply::Recorded);
    let reply = yard.record(large.claim.key(), step("b", "")).await;
    let (bytes, limit) = (Steps::MAX_BYTES + 3, Steps::MAX_BYTES);
    let full = StepsFull::TooLarge { bytes, limit };
    assert_eq!(reply, StepReply::Refused(full));
    let kept = yard.storage().steps(large.claim.run()).await.unwrap();
    let kept: Vec<_> = kept.iter().map(Step::as_json).collect();
    assert_eq!(kept, [format!("\"{most}\"")]);
    for run in [many, large] {
        yard.settle(run, processed()).await;
    }
    yard.recount(id).await;
}

/// Shows: "What is recorded stays until the run ends or goes into review, whoever holds it."
pub(crate) async fn recorded_steps_outlive_a_crash_and_a_close(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let large = "large ".repeat(5_000);
    let run = claim_with(yard, 0).await;
    yard.record(run.claim.key(), step("a", &large)).await;
    yard.crash().await;
    // A store that others share waits for the lease.
    yard.clock().advance(LEASE);
    let run = claim_with(yard, 1).await;
    yard.record(run.claim.key(), step("b", "small")).await;
    drop(yard.close().await);
    let run = claim_with(yard, 2).await;
    let expected = told(&[("a", &large), ("b", "small")]);
    assert_eq!(yard.steps(run.claim.run()).await, expected);
    yard.settle(run, output("done")).await;
    yard.crash().await;
    assert!(yard.steps(run_id(id, 0)).await.is_empty());
    assert!(yard.batch(id).await.is_finished());
}

/// Shows: "After that no call returns it."
pub(crate) async fn steps_of_a_cancelled_or_expired_run_are_gone(yard: &mut Yard) {
    let at = yard.clock().now().wall + Duration::from_secs(60);
    let expiring = yard.submit_request(request(2).expires_at(at)).await;
    let cancelled = yard.submit(3).await;
    for run in yard.claim(5).await {
        yard.record(run.claim.key(), step("a", "1")).await;
        // The first of each is held on: it goes on when its batch is cancelled or expires.
        if run.claim.run().ordinal().get() > 0 {
            yard.settle(run, Disposition::Released).await;
        }
    }
    yard.cancel_run(cancelled, 1).await;
    assert!(yard.steps(run_id(cancelled, 1)).await.is_empty());
    assert_eq!(yard.steps(run_id(cancelled, 2)).await.len(), 1);
    yard.cancel_batch(cancelled).await;
    assert!(yard.steps(run_id(cancelled, 2)).await.is_empty());
    assert_eq!(yard.steps(run_id(cancelled, 0)).await.len(), 1);
    yard.clock().advance(Duration::from_secs(60));
    yard.prune_once(1).await;
    assert!(yard.steps(run_id(expiring, 1)).await.is_empty());
    for id in [expiring, cancelled] {
        yard.recount(id).await;
    }
}

/// Shows: "Every transition of a run is in one of them, its end in exactly one."
pub(crate) async fn steps_come_with_no_event_and_no_listing(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    let before = yard.head().await;
    let secret = step("a", "hunter2-hunter2");
    yard.record(run.claim.key(), secret).await;
    assert_eq!(yard.head().await, before);
    let listed = format!("{:?} {:?}", yard.runs_of(id).await, yard.batch(id).await);
    assert!(!listed.contains("hunter2"), "{listed}");
}

/// Shows: "What is recorded stays until the run ends or goes into review, whoever holds it."
/// Shows: "Nothing where the run has ended, is in review or is not there."
pub(crate) async fn steps_of_a_run_in_review_are_gone(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.record(run.claim.key(), step("a", "1")).await;
    yard.settle(run, needs_review("look")).await;
    assert!(yard.steps(run_id(id, 0)).await.is_empty());
    assert_eq!(yard.run(id, 0).await.steps, 0);
    yard.recount(id).await;
}
