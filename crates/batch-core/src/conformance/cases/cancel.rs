use crate::batch::BatchState;
use crate::conformance::sample::{processed, retry};
use crate::conformance::yard::Yard;
use crate::id::BatchId;
use crate::run::RunState;
use crate::storage::{CancelReply, RunQuery};

/// Shows: "Cancels a run or a batch."
/// Shows: "What waits ends at once; what is held is asked to stop."
pub(crate) async fn a_cancelled_batch_ends_what_waits_and_asks_what_is_held(yard: &mut Yard) {
    let id = yard.submit(20).await;
    let held = yard.claim(3).await;
    let retried = yard.claim_one().await;
    yard.settle(retried, retry(60)).await;
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelling);
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Cancelling);
    assert_eq!((batch.counts.cancelling, batch.counts.cancelled), (3, 17));
    assert!(yard.claim(9).await.is_empty());
    yard.recount(id).await;
    for run in held {
        yard.settle(run, processed()).await;
    }
    assert_eq!(yard.batch(id).await.state, BatchState::Cancelled);
    yard.recount(id).await;
}

/// Shows: "A batch is cancelled as a whole; a run is cancelled and its batch goes on."
pub(crate) async fn a_batch_that_nobody_claimed_is_cancelled_at_once(yard: &mut Yard) {
    let id = yard.submit(1_000).await;
    let other = yard.submit(2).await;
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelled);
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Cancelled);
    assert_eq!(batch.counts.cancelled, 1_000);
    let runs = yard.runs_of(id).await;
    let ended = |run: &crate::run::Run| run.state.is_ended() && run.ended_at.is_some();
    assert!(runs.iter().all(ended));
    assert_eq!(yard.batch(other).await.counts.pending, 2);
    let claimed = yard.claim(9).await;
    assert!(claimed.iter().all(|run| run.claim.run().batch() == other));
}

/// Shows: "A batch is cancelled as a whole; a run is cancelled and its batch goes on."
pub(crate) async fn one_run_is_cancelled_and_its_batch_goes_on(yard: &mut Yard) {
    let id = yard.submit(3).await;
    assert_eq!(yard.cancel_run(id, 1).await, CancelReply::Cancelled);
    assert_eq!(yard.state(id, 1).await, RunState::Cancelled);
    assert_eq!(yard.work_off().await, 2);
    let batch = yard.batch(id).await;
    assert_eq!((batch.counts.processed, batch.counts.cancelled), (2, 1));
    assert_eq!(batch.state, BatchState::Processed);
    yard.recount(id).await;
}

/// Shows: "What waits ends at once; what is held is asked to stop."
pub(crate) async fn a_run_that_waits_for_its_retry_is_cancelled_for_good(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(10)).await;
    assert_eq!(yard.cancel_run(id, 0).await, CancelReply::Cancelled);
    yard.clock().advance(std::time::Duration::from_secs(60));
    assert!(yard.claim(1).await.is_empty());
    let run = yard.run(id, 0).await;
    assert_eq!((run.state, run.attempts), (RunState::Cancelled, 1));
    assert_eq!(run.due_at, None);
    assert!(yard.batch(id).await.is_finished());
}

/// Shows: "What waits ends at once; what is held is asked to stop."
pub(crate) async fn a_held_run_that_is_cancelled_ends_when_its_holder_settles(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    assert_eq!(yard.cancel_run(id, 0).await, CancelReply::Cancelling);
    assert_eq!(yard.state(id, 0).await, RunState::Cancelling);
    yard.settle(run, processed()).await;
    assert_eq!(yard.state(id, 0).await, RunState::Cancelled);
}

/// Shows: "What has ended stays as it is, and the reply says so."
pub(crate) async fn cancelling_what_has_ended_or_never_was_says_so(yard: &mut Yard) {
    let id = yard.submit(1).await;
    yard.work_off().await;
    let run = yard.cancel_run(id, 0).await;
    assert_eq!(run, CancelReply::RunEnded(RunState::Processed));
    assert_eq!(yard.cancel_batch(id).await, CancelReply::BatchFinished);
    assert_eq!(yard.state(id, 0).await, RunState::Processed);
    let nobody = BatchId::generate();
    assert_eq!(yard.cancel_run(id, 1).await, CancelReply::NotFound);
    assert_eq!(yard.cancel_run(nobody, 0).await, CancelReply::NotFound);
    assert_eq!(yard.cancel_batch(nobody).await, CancelReply::NotFound);
}

/// Shows: "What has ended stays as it is, and the reply says so."
pub(crate) async fn a_cancelled_batch_keeps_the_runs_that_had_ended(yard: &mut Yard) {
    let id = yard.submit(10).await;
    for run in yard.claim(4).await {
        yard.settle(run, processed()).await;
    }
    yard.cancel_run(id, 9).await;
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelled);
    let counts = yard.batch(id).await.counts;
    assert_eq!((counts.processed, counts.cancelled), (4, 6));
    yard.recount(id).await;
}

/// Shows: "Repeating the call is safe."
pub(crate) async fn cancelling_again_changes_nothing(yard: &mut Yard) {
    let id = yard.submit(5).await;
    yard.claim(2).await;
    yard.cancel_run(id, 0).await;
    yard.cancel_batch(id).await;
    let before = (yard.runs(RunQuery::default()).await, yard.head().await);
    assert_eq!(yard.cancel_batch(id).await, CancelReply::Cancelling);
    assert_eq!(yard.cancel_run(id, 0).await, CancelReply::Cancelling);
    let ended = yard.cancel_run(id, 4).await;
    assert_eq!(ended, CancelReply::RunEnded(RunState::Cancelled));
    let after = (yard.runs(RunQuery::default()).await, yard.head().await);
    assert_eq!(after, before);
}
