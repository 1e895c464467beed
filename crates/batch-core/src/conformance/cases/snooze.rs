use std::time::Duration;

use crate::batch::BatchState;
use crate::conformance::sample::{kind, processed, request, retry, snooze};
use crate::conformance::yard::Yard;
use crate::journal::Fact;
use crate::run::{Failure, RunState};
use crate::storage::{Disposition, Settled};
use crate::time::Clock;

/// Shows: "A run that is snoozed is claimable after its wait too, with no attempt counted; it says how often it was."
/// Shows: "Every transition of a run is in one of them, its end in exactly one."
pub(crate) async fn a_snoozed_run_waits_for_its_time_and_counts_no_attempt(yard: &mut Yard) {
    let id = yard.submit(1).await;
    for times in 0..3 {
        let run = yard.claim_one().await;
        assert_eq!((run.claim.attempt().get(), run.snoozes), (1, times));
        let settled = yard.settle(run, snooze(60)).await;
        assert_eq!(settled, Settled::Applied(RunState::Pending));
        let due_at = yard.clock().now().wall + Duration::from_secs(60);
        let waiting = yard.run(id, 0).await;
        assert_eq!((waiting.attempts, waiting.snoozes), (0, times + 1));
        assert_eq!(waiting.due_at, Some(due_at));
        assert_eq!(waiting.failure, None);
        let entries = yard.journal().await;
        let Some(Fact::Snoozed(told)) = entries.last().map(|entry| &entry.fact) else {
            panic!("{entries:?}");
        };
        assert_eq!((told[0].attempt.get(), told[0].due_at), (1, due_at));
        let asked = yard.ask(1).await.unwrap();
        assert!(asked.runs.is_empty());
        assert!(asked.next_due <= Some(Duration::from_secs(60)));
        yard.clock().advance(Duration::from_millis(59_999));
        assert!(yard.claim(1).await.is_empty());
        yard.clock().advance(Duration::from_millis(1));
    }
    let run = yard.claim_one().await;
    yard.settle(run, processed()).await;
    let ended = yard.run(id, 0).await;
    assert_eq!((ended.attempts, ended.snoozes), (1, 3));
    assert!(yard.batch(id).await.is_finished());
}

/// Shows: "A run that is snoozed is claimable after its wait too, with no attempt counted; it says how often it was."
pub(crate) async fn a_run_is_snoozed_among_others_and_says_how_often(yard: &mut Yard) {
    let id = yard.submit(4).await;
    let how = [snooze(10), retry(20), Disposition::Released, processed()];
    for (run, disposition) in yard.claim(4).await.into_iter().zip(how) {
        yard.settle(run, disposition).await;
    }
    yard.recount(id).await;
    yard.clock().advance(Duration::from_secs(20));
    let again = yard.claim(9).await;
    let told = again
        .iter()
        .map(|run| (run.claim.attempt().get(), run.snoozes));
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    assert_eq!(told, [(1, 0), (1, 1), (2, 0)]);
    // What an earlier attempt failed by stays to be read.
    let retried = again.into_iter().find(|run| run.claim.attempt().get() == 2);
    let retried = retried.expect("one of them was retried");
    let ordinal = retried.claim.run().ordinal().get();
    yard.settle(retried, snooze(10)).await;
    let run = yard.run(id, ordinal).await;
    assert_eq!((run.attempts, run.snoozes), (1, 1));
    assert_eq!(run.failure.as_ref().map(Failure::reason), Some("FLAKY"));
    yard.recount(id).await;
}

/// Shows: "A run that is snoozed is claimable after its wait too, with no attempt counted; it says how often it was."
pub(crate) async fn a_snoozed_run_waits_on_through_a_crash(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, snooze(60)).await;
    yard.clock().advance(Duration::from_secs(30));
    yard.crash().await;
    assert!(yard.claim(1).await.is_empty());
    yard.clock().advance(Duration::from_secs(30));
    let run = yard.claim_one().await;
    let told = (run.claim.attempt().get(), run.snoozes, run.interruptions);
    assert_eq!(told, (1, 1, 0));
}

/// Shows: "A run that was asked to stop ends as cancelled, whatever it brings."
/// Shows: "Cancels a run or a batch."
pub(crate) async fn a_snoozed_run_is_cancelled_with_its_batch(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let mut held = yard.claim(2).await;
    yard.settle(held.remove(0), snooze(60)).await;
    yard.cancel_batch(id).await;
    assert_eq!(yard.state(id, 0).await, RunState::Cancelled);
    let settled = yard.settle(held.remove(0), snooze(60)).await;
    assert_eq!(settled, Settled::Applied(RunState::Cancelled));
    assert_eq!(yard.batch(id).await.state, BatchState::Cancelled);
    yard.clock().advance(Duration::from_secs(60));
    assert!(yard.claim(2).await.is_empty());
    yard.recount(id).await;
}

/// Shows: "Held ones go on, and end so if they come to wait again."
pub(crate) async fn a_snoozed_run_ends_when_its_batch_expires(yard: &mut Yard) {
    let at = yard.clock().now().wall + Duration::from_secs(90);
    let id = yard.submit_request(request(1).expires_at(at)).await;
    let run = yard.claim_one().await;
    yard.settle(run, snooze(60)).await;
    yard.clock().advance(Duration::from_secs(60));
    let run = yard.claim_one().await;
    yard.settle(run, snooze(60)).await;
    yard.clock().advance(Duration::from_secs(30));
    assert!(yard.claim(1).await.is_empty());
    let run = yard.run(id, 0).await;
    assert_eq!(run.failure.as_ref().map(Failure::reason), Some("EXPIRED"));
    assert_eq!((run.attempts, run.snoozes), (0, 2));
    let told = yard
        .journal()
        .await
        .iter()
        .map(|entry| kind(&entry.fact))
        .collect::<Vec<_>>();
    assert!(
        told.ends_with(&["snoozed", "expired", "finished"]),
        "{told:?}"
    );
}
