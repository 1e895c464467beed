use std::time::Duration;

use crate::batch::BatchState;
use crate::conformance::sample::{kind, ordinals, processed, request, retry, valid};
use crate::conformance::yard::Yard;
use crate::id::BatchId;
use crate::journal::Fact;
use crate::run::{Failure, RunState};
use crate::storage::{CancelReply, Disposition, InsertReply};
use crate::time::Clock;

const SECOND: Duration = Duration::from_secs(1);

/// So many seconds from now, by the wall clock.
fn soon(yard: &Yard, seconds: u32) -> jiff::Timestamp {
    yard.clock().now().wall + SECOND * seconds
}

async fn pass(yard: &Yard, seconds: u32) {
    yard.clock().advance(SECOND * seconds);
}

/// What an empty claim says of the next due time.
async fn wait_of(yard: &Yard) -> Option<Duration> {
    let claimed = yard.ask(64).await.unwrap();
    assert!(claimed.runs.is_empty(), "{:?}", claimed.runs);
    claimed.next_due
}

/// A batch of so many that expires in 10 s.
async fn expiring(yard: &Yard, inputs: u32) -> BatchId {
    let request = request(inputs).expires_at(soon(yard, 10));
    yard.submit_request(request).await
}

/// Shows: "The time of a batch is its not_before, or else that at which it was stored."
/// Shows: "Claimed::next_due is never later than the moment when time alone makes another run claimable."
pub(crate) async fn no_run_of_a_batch_is_claimed_before_its_time(yard: &mut Yard) {
    let at = soon(yard, 60);
    let id = yard.submit_request(request(3).not_before(at)).await;
    assert_eq!(yard.batch(id).await.timing.not_before, Some(at));
    assert_eq!(yard.run(id, 2).await.due_at, Some(at));
    let wait = wait_of(yard).await.expect("a batch waits for its time");
    assert!(wait <= SECOND * 60, "{wait:?}");
    yard.clock().advance(SECOND * 60 - Duration::from_millis(1));
    assert!(wait_of(yard).await.is_some());
    yard.clock().advance(Duration::from_millis(1));
    assert_eq!(ordinals(&yard.claim(64).await), [0, 1, 2]);
}

/// Shows: "A run that was never claimed is due at the time of its batch and its share of the spread: run n of N at n/N of it."
/// Shows: "Claimed::next_due is never later than the moment when time alone makes another run claimable."
pub(crate) async fn a_spread_batch_falls_due_run_by_run(yard: &mut Yard) {
    let id = yard.submit_request(request(4).spread(SECOND * 8)).await;
    for ordinal in 0..4 {
        assert_eq!(ordinals(&yard.claim(64).await), [ordinal]);
        if ordinal < 3 {
            let wait = wait_of(yard).await.expect("more fall due");
            assert!(wait <= SECOND * 2, "{wait:?}");
        }
        pass(yard, 2).await;
    }
    yard.recount(id).await;
}

/// Shows: "The time of a batch is its not_before, or else that at which it was stored."
pub(crate) async fn a_spread_begins_when_its_batch_is_stored_or_may_begin(yard: &mut Yard) {
    let later = request(2).not_before(soon(yard, 10)).spread(SECOND * 4);
    let later = yard.submit_request(later).await;
    let now = yard
        .submit_request(request(2).spread(SECOND * 4).priority(91))
        .await;
    let mut seen = Vec::new();
    for _ in 0..7 {
        let runs = yard.claim(64).await.into_iter();
        seen.push(runs.map(|run| run.claim.run()).collect::<Vec<_>>());
        pass(yard, 2).await;
    }
    let run = crate::conformance::yard::run_id;
    let expected = [
        vec![run(now, 0)],
        vec![run(now, 1)],
        vec![],
        vec![],
        vec![],
        vec![run(later, 0)],
        vec![run(later, 1)],
    ];
    assert_eq!(seen, expected);
}

/// Shows: "A run that was never claimed is due at the time of its batch and its share of the spread: run n of N at n/N of it."
pub(crate) async fn a_spread_goes_on_through_a_crash(yard: &mut Yard) {
    yard.submit_request(request(4).spread(SECOND * 8)).await;
    let first = yard.claim_one().await;
    yard.settle(first, processed()).await;
    pass(yard, 1).await;
    yard.crash().await;
    let wait = wait_of(yard).await.expect("more fall due");
    assert!(wait <= SECOND, "{wait:?}");
    pass(yard, 3).await;
    assert_eq!(ordinals(&yard.claim(64).await), [1, 2]);
    yard.crash().await;
    pass(yard, 4).await;
    let mut last = ordinals(&yard.claim(64).await);
    last.sort_unstable();
    assert!(last.contains(&3), "{last:?}");
}

/// Shows: "A run that was never claimed is due at the time of its batch and its share of the spread: run n of N at n/N of it."
pub(crate) async fn a_run_that_was_given_back_is_due_as_before(yard: &mut Yard) {
    yard.submit_request(request(2).spread(SECOND * 8)).await;
    let first = yard.claim_one().await;
    yard.settle(first, Disposition::Released).await;
    assert_eq!(ordinals(&yard.claim(64).await), [0]);
}

/// Shows: "Due times are wall time, those of retries too: a clock that is set forward makes runs due."
/// Shows: "What was due stays due when the clock is set back, until the store is opened again."
pub(crate) async fn due_times_are_wall_time(yard: &mut Yard) {
    let hour = jiff::SignedDuration::from_hours(1);
    let later = request(1).not_before(soon(yard, 1_800));
    let later = yard.submit_request(later).await;
    let again = yard.submit_request(request(1).priority(1)).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(1_800)).await;
    wait_of(yard).await;
    yard.clock().jump(hour);
    let run = yard.claim_one().await;
    assert_eq!(run.claim.run().batch(), again);
    yard.clock().jump(-hour);
    let run = yard.claim_one().await;
    assert_eq!(run.claim.run().batch(), later);
}

/// Shows: "Content is all that the caller said: workflow, version asked for, priority, when its runs may begin and until when, for whom it is executed, whether more parts may follow, which batch it retries, and the inputs in their order with their secrets."
pub(crate) async fn another_time_under_the_same_key_is_other_content(yard: &mut Yard) {
    let at = soon(yard, 60);
    let keyed = || request(1).idempotency_key("k").not_before(at);
    let first = yard.submit_request(keyed()).await;
    let again = yard.insert(valid(keyed())).await;
    assert_eq!(again, InsertReply::Replayed(first));
    let others = [
        keyed().not_before(at + SECOND),
        keyed().spread(SECOND),
        keyed().expires_at(at + SECOND),
    ];
    for other in others {
        let reply = yard.insert(valid(other)).await;
        assert_eq!(reply, InsertReply::KeyConflict(first));
    }
}

/// Shows: "What waits ends at once; what is held is asked to stop."
pub(crate) async fn a_batch_that_was_cancelled_before_its_time_wakes_nobody(yard: &mut Yard) {
    let timed = request(3).not_before(soon(yard, 60)).spread(SECOND * 9);
    let id = yard.submit_request(timed).await;
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelled);
    assert_eq!(wait_of(yard).await, None);
    pass(yard, 90).await;
    assert_eq!(wait_of(yard).await, None);
}

/// Shows: "Runs that wait at expires_at end as failed with Failure::EXPIRED, in the first claim or prune from that time on."
/// Shows: "Claimed::next_due is never later than the moment when time alone makes another run claimable."
pub(crate) async fn waiting_runs_of_an_expired_batch_end_as_failed(yard: &mut Yard) {
    let id = expiring(yard, 5).await;
    let done = yard.claim_one().await;
    yard.settle(done, processed()).await;
    let waits = yard.claim_one().await;
    yard.settle(waits, retry(3_600)).await;
    pass(yard, 9).await;
    for run in yard.claim(1).await {
        yard.settle(run, Disposition::Released).await;
    }
    pass(yard, 1).await;
    assert_eq!(wait_of(yard).await, None);
    yard.recount(id).await;
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Processed);
    assert_eq!((batch.counts.processed, batch.counts.failed), (1, 4));
    for ordinal in 1..5 {
        let run = yard.run(id, ordinal).await;
        assert_eq!(run.state, RunState::Failed);
        assert_eq!(run.failure.unwrap().reason(), Failure::EXPIRED);
        assert!(run.ended_at.is_some());
    }
    let journal = yard.journal().await;
    let last: Vec<_> = journal
        .iter()
        .rev()
        .take(2)
        .map(|e| kind(&e.fact))
        .collect();
    assert_eq!(last, ["finished", "expired"]);
    let expired = &journal[journal.len() - 2].fact;
    assert!(
        matches!(expired, Fact::Expired(all) if all.len() == 4),
        "{expired:?}"
    );
}

/// Shows: "Runs that wait at expires_at end as failed with Failure::EXPIRED, in the first claim or prune from that time on."
pub(crate) async fn a_prune_ends_what_has_expired(yard: &mut Yard) {
    let id = expiring(yard, 2).await;
    assert_eq!(wait_of_other(yard).await, Some(SECOND * 10));
    pass(yard, 10).await;
    yard.prune_once(1).await;
    yard.recount(id).await;
    assert!(yard.batch(id).await.is_finished());
}

/// What a claim of another workflow says of the next due time: no later than the first expiry.
async fn wait_of_other(yard: &Yard) -> Option<Duration> {
    let other = vec![crate::id::WorkflowId::new("other").unwrap()];
    let request = crate::storage::ClaimRequest::new(other, std::num::NonZeroU32::MIN);
    let claimed = yard.storage().claim(request).await.unwrap();
    assert!(claimed.runs.is_empty());
    claimed.next_due.map(|wait| wait.max(SECOND * 10))
}

/// Shows: "Held ones go on, and end so if they come to wait again."
pub(crate) async fn what_is_held_when_its_batch_expires_goes_on(yard: &mut Yard) {
    let id = expiring(yard, 3).await;
    let held = yard.claim_one().await;
    pass(yard, 10).await;
    let _ = wait_of(yard).await;
    assert_eq!(yard.batch(id).await.state, BatchState::Processing);
    assert_eq!(yard.state(id, 0).await, RunState::Processing);
    yard.settle(held, processed()).await;
    yard.recount(id).await;
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Processed);
    assert_eq!((batch.counts.processed, batch.counts.failed), (1, 2));
}

/// Shows: "Held ones go on, and end so if they come to wait again."
pub(crate) async fn a_run_that_comes_back_after_its_batch_expired_ends(yard: &mut Yard) {
    let id = expiring(yard, 4).await;
    let mut held = yard.claim(3).await.into_iter();
    pass(yard, 10).await;
    let _ = wait_of(yard).await;
    for back in [Disposition::Released, retry(0)] {
        yard.settle(held.next().unwrap(), back).await;
        let _ = wait_of(yard).await;
    }
    // The last one loses its holder.
    pass(yard, 30).await;
    assert_eq!(wait_of(yard).await, None);
    yard.recount(id).await;
    assert_eq!(yard.batch(id).await.counts.failed, 4);
    let journal = yard.journal().await;
    let finished = journal.iter().filter(|e| kind(&e.fact) == "finished");
    assert_eq!(finished.count(), 1);
}

/// Shows: "Until then they are as they were, whatever the clock says."
pub(crate) async fn a_clock_by_itself_ends_nothing(yard: &mut Yard) {
    let id = expiring(yard, 2).await;
    let head = yard.head().await;
    pass(yard, 60).await;
    assert_eq!(yard.state(id, 0).await, RunState::Pending);
    assert_eq!(yard.batch(id).await.counts.pending, 2);
    assert_eq!(yard.head().await, head);
}

/// Shows: "Runs that wait at expires_at end as failed with Failure::EXPIRED, in the first claim or prune from that time on."
pub(crate) async fn an_expired_batch_reads_the_same_after_a_crash(yard: &mut Yard) {
    let ended = expiring(yard, 3).await;
    let held = yard.submit_request(request(2).expires_at(soon(yard, 10)).priority(1));
    let held = held.await;
    let _run = yard.claim_one().await;
    pass(yard, 10).await;
    let _ = wait_of(yard).await;
    yard.crash().await;
    let batch = yard.batch(ended).await;
    assert_eq!(
        (batch.state, batch.counts.failed),
        (BatchState::Processed, 3)
    );
    let run = yard.run(ended, 2).await;
    assert_eq!(run.failure.unwrap().reason(), Failure::EXPIRED);
    // What was held when the process died comes to wait again or still is held: it ends so.
    pass(yard, 30).await;
    let _ = wait_of(yard).await;
    yard.recount(held).await;
    assert_eq!(yard.batch(held).await.counts.failed, 2);
}

/// Shows: "What has ended stays as it is, and the reply says so."
pub(crate) async fn a_batch_that_expired_in_part_is_cancelled_as_a_whole(yard: &mut Yard) {
    let id = expiring(yard, 3).await;
    let held = yard.claim_one().await;
    pass(yard, 10).await;
    let _ = wait_of(yard).await;
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelling);
    assert_eq!(yard.batch(id).await.state, BatchState::Cancelling);
    yard.settle(held, processed()).await;
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Cancelled);
    assert_eq!((batch.counts.cancelled, batch.counts.failed), (1, 2));
}
