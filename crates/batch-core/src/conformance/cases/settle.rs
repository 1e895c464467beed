use std::time::Duration;

use crate::batch::BatchState;
use crate::conformance::sample::{failed, ordinals, output, processed, retry};
use crate::conformance::yard::{LEASE, Yard};
use crate::run::{Attempt, RunState};
use crate::storage::{Claim, ClaimKey, ClaimToken, Disposition, Settled, Settlement};

/// Shows: "Counts, run records and journal entries of a change move in one commit."
pub(crate) async fn every_disposition_leaves_the_run_where_it_says(yard: &mut Yard) {
    let id = yard.submit(4).await;
    let cases = [
        (processed(), RunState::Processed),
        (failed("X"), RunState::Failed),
        (retry(5), RunState::Pending),
        (Disposition::Released, RunState::Pending),
    ];
    for (run, (disposition, state)) in yard.claim(4).await.into_iter().zip(cases) {
        let ordinal = run.claim.run().ordinal().get();
        let settled = yard.settle(run, disposition).await;
        assert_eq!(settled, Settled::Applied(state));
        assert_eq!(yard.state(id, ordinal).await, state);
        yard.recount(id).await;
    }
    let counts = yard.batch(id).await.counts;
    assert_eq!((counts.processed, counts.failed, counts.pending), (1, 1, 2));
}

/// Shows: "Records how attempts ended; the replies stand in the order of the settlements."
pub(crate) async fn replies_stand_in_the_order_of_the_settlements(yard: &mut Yard) {
    let id = yard.submit(3).await;
    let other = yard.submit(2).await;
    let mut runs = yard.claim(5).await;
    let stale = runs.remove(1).claim.key();
    yard.settle_key(stale).await;
    let mut settlements = vec![Settlement::new(
        Claim::new(stale, Attempt::FIRST),
        failed("LATE"),
    )];
    let mut expected = vec![Settled::Stale];
    for (n, run) in runs.into_iter().enumerate() {
        let (how, state) = match n % 2 {
            0 => (failed("X"), RunState::Failed),
            _ => (processed(), RunState::Processed),
        };
        settlements.push(Settlement::new(run.claim, how));
        expected.push(Settled::Applied(state));
    }
    let replies = yard.storage().settle(settlements).await.unwrap();
    assert_eq!(replies, expected);
    yard.recount(id).await;
    yard.recount(other).await;
}

/// Shows: "Repeating the call is safe: what was applied before is now stale."
/// Shows: "Each is applied only if its token is current, else it is Settled::Stale and changes nothing."
pub(crate) async fn a_token_is_spent_once(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let run = yard.claim_one().await;
    let key = run.claim.key();
    yard.settle(run, processed()).await;
    let before = (yard.run(id, 0).await, yard.head().await);
    let again = Settlement::new(Claim::new(key, Attempt::FIRST), failed("LATE"));
    let replies = yard.storage().settle(vec![again]).await.unwrap();
    assert_eq!(replies, [Settled::Stale]);
    assert_eq!((yard.run(id, 0).await, yard.head().await), before);
    yard.recount(id).await;
}

/// Shows: "Repeating the call is safe: what was applied before is now stale."
pub(crate) async fn a_token_named_twice_in_one_call_is_spent_once(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let key = yard.claim_one().await.claim.key();
    let twice = [processed(), failed("TWICE")];
    let settlements = twice.map(|how| Settlement::new(Claim::new(key, Attempt::FIRST), how));
    let replies = yard.storage().settle(settlements.into()).await.unwrap();
    let applied = Settled::Applied(RunState::Processed);
    assert_eq!(replies, [applied, Settled::Stale]);
    yard.recount(id).await;
}

/// Shows: "Each is applied only if its token is current, else it is Settled::Stale and changes nothing."
pub(crate) async fn a_token_that_was_never_granted_changes_nothing(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let held = yard.claim_one().await.claim.key();
    let next = ClaimToken::new(held.token.get() + 1);
    let last = ClaimToken::new(held.token.get() - 1);
    let waiting = crate::conformance::yard::run_id(id, 1);
    let forged = [(held.run, next), (held.run, last), (waiting, held.token)];
    let settlements = forged.map(|(run, token)| {
        let claim = Claim::new(ClaimKey { run, token }, Attempt::FIRST);
        Settlement::new(claim, processed())
    });
    let replies = yard.storage().settle(settlements.into()).await.unwrap();
    assert_eq!(replies, [Settled::Stale; 3]);
    assert_eq!(yard.state(id, 0).await, RunState::Processing);
    yard.recount(id).await;
}

/// Shows: "Each is applied only if its token is current, else it is Settled::Stale and changes nothing."
pub(crate) async fn a_late_finisher_changes_nothing(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let late = yard.claim_one().await;
    yard.clock().advance(LEASE);
    let taken = yard.claim_one().await;
    let before = (yard.run(id, 0).await, yard.head().await);
    assert_eq!(yard.settle(late, output("late")).await, Settled::Stale);
    assert_eq!((yard.run(id, 0).await, yard.head().await), before);
    let settled = yard.settle(taken, output("in time")).await;
    assert_eq!(settled, Settled::Applied(RunState::Processed));
    let kept = yard.run(id, 0).await.output.unwrap();
    assert_eq!(kept.parse::<String>().unwrap(), "in time");
}

/// Shows: "An output comes back as it was."
pub(crate) async fn outputs_small_and_large_come_back_as_they_were(yard: &mut Yard) {
    let id = yard.submit(4).await;
    let texts = ["", "small", &"x".repeat(159), &"large ".repeat(50_000)];
    for (run, text) in yard.claim(4).await.into_iter().zip(texts) {
        yard.settle(run, output(text)).await;
    }
    for (ordinal, text) in (0..).zip(texts) {
        let read = yard.run(id, ordinal).await.output.unwrap();
        assert_eq!(read.parse::<String>().unwrap(), *text);
    }
}

/// Shows: "An output comes back as it was."
pub(crate) async fn a_failed_run_keeps_its_reason_and_its_output(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    let Disposition::Failed { failure, .. } = failed("BROKEN") else {
        unreachable!("failed() fails");
    };
    let output = Some(crate::run::Output::new(&"half").unwrap());
    let how = Disposition::Failed {
        failure: failure.clone(),
        output: output.clone(),
    };
    yard.settle(run, how).await;
    let run = yard.run(id, 0).await;
    assert_eq!((run.failure, run.output), (Some(failure), output));
    assert_eq!((run.attempts, run.ended_at.is_some()), (1, true));
}

/// Shows: "A retry counts an attempt and is claimable after its wait; a run that is given back counts none."
pub(crate) async fn a_retry_waits_for_its_time_and_counts_an_attempt(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(60)).await;
    let waiting = yard.run(id, 0).await;
    assert_eq!((waiting.attempts, waiting.state), (1, RunState::Pending));
    assert!(waiting.due_at.is_some() && waiting.failure.is_some());
    yard.clock().advance(Duration::from_secs(59));
    assert!(yard.claim(1).await.is_empty());
    yard.clock().advance(Duration::from_secs(1));
    assert_eq!(yard.claim_one().await.claim.attempt().get(), 2);
}

/// Shows: "A retry counts an attempt and is claimable after its wait; a run that is given back counts none."
pub(crate) async fn runs_of_one_batch_fall_due_one_after_the_other(yard: &mut Yard) {
    yard.submit(3).await;
    for (seconds, run) in [30, 10, 20].into_iter().zip(yard.claim(3).await) {
        yard.settle(run, retry(seconds)).await;
    }
    for expected in [1, 2, 0] {
        yard.clock().advance(Duration::from_secs(10));
        assert_eq!(ordinals(&yard.claim(9).await), [expected]);
    }
}

/// Shows: "A retry counts an attempt and is claimable after its wait; a run that is given back counts none."
pub(crate) async fn a_run_that_was_given_back_has_no_attempt_counted(yard: &mut Yard) {
    let id = yard.submit(1).await;
    for _ in 0..5 {
        let run = yard.claim_one().await;
        assert_eq!(run.claim.attempt().get(), 1);
        yard.settle(run, Disposition::Released).await;
    }
    let run = yard.run(id, 0).await;
    assert_eq!((run.attempts, run.interruptions), (0, 0));
}

/// Shows: "A run that was asked to stop ends as cancelled, whatever it brings."
pub(crate) async fn whatever_a_run_brings_after_its_cancel_it_ends_cancelled(yard: &mut Yard) {
    let id = yard.submit(4).await;
    let held = yard.claim(4).await;
    yard.cancel_batch(id).await;
    let dispositions = [output("late"), retry(1), Disposition::Released, failed("X")];
    for (run, disposition) in held.into_iter().zip(dispositions) {
        let settled = yard.settle(run, disposition).await;
        assert_eq!(settled, Settled::Applied(RunState::Cancelled));
    }
    assert_eq!(yard.run(id, 0).await.output, None);
    assert_eq!(yard.batch(id).await.state, BatchState::Cancelled);
    yard.recount(id).await;
}

/// Shows: "A batch is finished with its last run and not before."
pub(crate) async fn a_batch_is_finished_with_its_last_run_and_not_before(yard: &mut Yard) {
    let id = yard.submit(20).await;
    let mut runs = yard.claim(20).await;
    let last = runs.pop().unwrap();
    for run in runs {
        yard.settle(run, processed()).await;
        let batch = yard.batch(id).await;
        assert!(!batch.is_finished() && batch.finished_at.is_none());
    }
    yard.settle(last, failed("X")).await;
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Processed);
    assert!(batch.is_finished() && !batch.succeeded());
    assert!(batch.finished_at.is_some());
}

/// Shows: "Leases are measured by uptime, so that a wall clock that is set forward or back takes no run away and ends no run before it began."
pub(crate) async fn a_clock_that_is_set_back_ends_no_run_before_it_began(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.clock().jump(jiff::SignedDuration::from_hours(-2));
    yard.settle(run, processed()).await;
    let run = yard.run(id, 0).await;
    assert!(run.ended_at >= run.started_at, "{run:?}");
}
