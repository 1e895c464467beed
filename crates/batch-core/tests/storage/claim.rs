use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::id::BatchId;
use batch_core::kv::WriteBatch;
use batch_core::request::{BatchRequest, Input};
use batch_core::run::RunState;
use batch_core::storage::{ClaimRequest, Disposition, ErrorKind};

use super::yard::{Yard, retry, run_id, workflow};

#[tokio::test]
async fn a_claim_of_fresh_runs_costs_the_same_writes_for_one_and_for_many() {
    let yard = Yard::new().await;
    yard.submit(500).await;
    let start = yard.kv.writes();
    yard.claim(1).await;
    let one = yard.kv.writes();
    yard.claim(100).await;
    let hundred = yard.kv.writes();
    // The batch's own record, the head, the journal entry; that one spans four values of 512 bytes.
    assert_eq!(one - start, 3);
    assert!(hundred - one <= 3 + 4, "{}", hundred - one);
}

#[tokio::test]
async fn a_claim_of_large_inputs_is_bounded_in_bytes_and_the_next_goes_on() {
    let yard = Yard::new().await;
    let large = |_| Input::text("x".repeat(1_000_000));
    yard.submit_request(BatchRequest::new("w").inputs((0..20).map(large)))
        .await;
    let mut claims = Vec::new();
    while claims.iter().sum::<usize>() < 20 {
        claims.push(yard.claim(64).await.len());
    }
    assert_eq!(claims, [8, 8, 4]);
}

/// A batch each of whose inputs is a chunk by itself, so that an update rewrites no other.
async fn chunks(yard: &Yard, inputs: u32) -> BatchId {
    let input = |_| Input::text("x".repeat(400));
    let request = BatchRequest::new("w").inputs((0..inputs).map(input));
    yard.submit_request(request).await
}

#[tokio::test]
async fn a_claim_of_inputs_that_updates_made_large_is_bounded_in_bytes_across_reopening() {
    let mut yard = Yard::new().await;
    let id = chunks(&yard, 20).await;
    for ordinal in 0..20 {
        yard.update(id, ordinal, 1_000_000).await;
    }
    yard.open().unwrap();
    let mut claims = Vec::new();
    while claims.iter().sum::<usize>() < 20 {
        claims.push(yard.claim(64).await.len());
    }
    assert_eq!(claims, [8, 8, 4]);
}

#[tokio::test]
async fn inputs_that_updates_made_small_again_are_claimed_together() {
    let yard = Yard::new().await;
    let id = chunks(&yard, 20).await;
    for bytes in [1_000_000, 10] {
        for ordinal in 0..20 {
            yard.update(id, ordinal, bytes).await;
        }
    }
    assert_eq!(yard.claim(64).await.len(), 20);
}

/// As long as it waited for its retry it said until when.
#[tokio::test]
async fn a_run_that_was_claimed_in_time_and_waits_again_is_due_at_no_time() {
    let mut yard = Yard::new().await;
    let id = yard.submit(2).await;
    for run in yard.claim(2).await {
        yard.settle(run, retry(60)).await;
    }
    yard.clock.advance(Duration::from_secs(60));
    let mut held = yard.claim(2).await;
    yard.settle(held.remove(0), Disposition::Released).await;
    yard.open().unwrap();

    for ordinal in 0..2 {
        let run = yard.run(id, ordinal).await;
        assert_eq!((run.state, run.due_at), (RunState::Pending, None));
    }
}

#[tokio::test]
async fn a_claim_whose_future_is_dropped_holds_nothing() {
    let yard = Yard::new().await;
    let id = yard.submit(3).await;
    {
        let request = ClaimRequest::new(vec![workflow()], NonZeroU32::new(3).unwrap());
        let mut claim = yard.storage().claim(request);
        let polled =
            std::future::poll_fn(|cx| std::task::Poll::Ready(claim.as_mut().poll(cx).is_ready()));
        polled.await;
    }
    // The give-back was handed in before this read.
    while yard.batch(id).await.counts.pending < 3 {
        tokio::task::yield_now().await;
    }
    let again: BTreeSet<_> = yard.claim(9).await.iter().map(|r| r.claim.run()).collect();
    assert_eq!(again.len(), 3);
}

#[tokio::test]
async fn a_batch_whose_inputs_cannot_be_read_is_parked_and_the_others_go_on() {
    let yard = Yard::new().await;
    let damaged = yard.submit(5).await;
    let whole = yard.submit(5).await;
    let mut writes = WriteBatch::new();
    let prefix = [b"i", damaged.as_uuid().as_bytes().as_slice()].concat();
    for kv in yard.kv.dump() {
        if kv.key.starts_with(&prefix) {
            writes.delete(kv.key);
        }
    }
    assert!(!writes.is_empty());
    yard.kv.tamper(writes);
    let mut granted = Vec::new();
    for _ in 0..3 {
        granted.extend(yard.claim(64).await);
    }
    assert_eq!(granted.len(), 5);
    assert!(granted.iter().all(|run| run.claim.run().batch() == whole));
    let counts = yard.batch(damaged).await.counts;
    assert_eq!((counts.pending, counts.processing), (5, 0));
    let read = yard.storage().run(run_id(damaged, 0)).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Damaged);
}
