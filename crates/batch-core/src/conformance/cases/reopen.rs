use std::time::Duration;

use crate::batch::BatchState;
use crate::conformance::sample::{output, processed, request, retry, valid};
use crate::conformance::yard::Yard;
use crate::run::RunState;
use crate::storage::InsertReply;

/// Shows: "What the store is and what it keeps when something strikes."
pub(crate) async fn a_store_that_is_opened_again_says_the_same_of_itself(yard: &mut Yard) {
    let before = yard.storage().description();
    yard.crash().await;
    assert_eq!(yard.storage().description(), before);
}

/// Shows: "What a write reports is durable, as far as Description::durability goes, when the call returns, and nobody reads it before it is."
pub(crate) async fn what_was_stored_is_there_after_a_crash(yard: &mut Yard) {
    let id = yard.submit(40).await;
    let texts = ["", "small", &"large ".repeat(50_000)];
    for (n, run) in yard.claim(10).await.into_iter().enumerate() {
        yard.settle(run, output(texts[n % 3])).await;
    }
    let other = yard.submit(3).await;
    yard.cancel_run(other, 1).await;
    let before = (yard.batch(id).await, yard.runs_of(id).await);
    let others = (yard.batch(other).await, yard.runs_of(other).await);
    let journal = yard.journal().await;
    yard.crash().await;
    assert_eq!((yard.batch(id).await, yard.runs_of(id).await), before);
    assert_eq!((yard.batch(other).await, yard.runs_of(other).await), others);
    assert_eq!(yard.journal().await[..journal.len()], journal);
    for (n, text) in (0..).zip(texts) {
        let read = yard.run(id, n).await.output.unwrap();
        assert!(read.parse::<String>().unwrap() == *text, "output {n}");
    }
}

/// Shows: "What a write reports is durable, as far as Description::durability goes, when the call returns, and nobody reads it before it is."
pub(crate) async fn opening_again_and_again_changes_nothing(yard: &mut Yard) {
    let id = yard.submit(5).await;
    yard.work_off().await;
    let before = (
        yard.batch(id).await,
        yard.runs_of(id).await,
        yard.head().await,
    );
    for _ in 0..3 {
        yard.crash().await;
        let after = (
            yard.batch(id).await,
            yard.runs_of(id).await,
            yard.head().await,
        );
        assert_eq!(after, before);
    }
}

/// Shows: "Each run goes to one claimer, with a token greater than every token before."
pub(crate) async fn tokens_grow_across_crashes(yard: &mut Yard) {
    yard.submit(3).await;
    let mut last = None;
    for _ in 0..3 {
        for run in yard.claim(1).await {
            let token = run.claim.key().token;
            assert!(last.is_none_or(|last| last < token), "{last:?} {token:?}");
            last = Some(token);
            yard.settle(run, processed()).await;
        }
        yard.crash().await;
    }
}

/// Shows: "A retry counts an attempt and is claimable after its wait; a run that is given back counts none."
pub(crate) async fn a_retry_that_waited_through_a_crash_falls_due_in_its_time(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(60)).await;
    yard.crash().await;
    yard.clock().advance(Duration::from_secs(59));
    assert!(yard.claim(1).await.is_empty());
    yard.clock().advance(Duration::from_secs(1));
    assert_eq!(yard.claim_one().await.claim.attempt().get(), 2);
}

/// Shows: "The same key and content give InsertReply::Replayed, other content InsertReply::KeyConflict; both name the batch that was first."
pub(crate) async fn keys_are_remembered_across_crashes(yard: &mut Yard) {
    let keyed = |inputs| request(inputs).idempotency_key("k");
    let id = yard.submit_request(keyed(2)).await;
    for _ in 0..2 {
        yard.crash().await;
        let same = yard.insert(valid(keyed(2))).await;
        assert_eq!(same, InsertReply::Replayed(id));
        let other = yard.insert(valid(keyed(3))).await;
        assert_eq!(other, InsertReply::KeyConflict(id));
        yard.work_off().await;
    }
}

/// Shows: "A batch is cancelled as a whole; a run is cancelled and its batch goes on."
pub(crate) async fn a_cancelled_batch_reads_the_same_after_a_crash(yard: &mut Yard) {
    let id = yard.submit(20).await;
    for run in yard.claim(2).await {
        yard.settle(run, processed()).await;
    }
    yard.cancel_batch(id).await;
    let before = yard.runs_of(id).await;
    yard.crash().await;
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Cancelled);
    assert_eq!((batch.counts.processed, batch.counts.cancelled), (2, 18));
    assert_eq!(yard.runs_of(id).await, before);
    assert!(yard.claim(9).await.is_empty());
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn priorities_hold_after_a_crash(yard: &mut Yard) {
    yard.submit(5).await;
    let urgent = yard.submit_request(request(5).priority(1)).await;
    yard.crash().await;
    let first = yard.claim(5).await;
    assert_eq!(first.len(), 5);
    assert!(first.iter().all(|run| run.claim.run().batch() == urgent));
    assert_eq!(yard.state(urgent, 0).await, RunState::Processing);
}
