use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::id::WorkflowId;
use batch_core::request::{BatchRequest, Input};
use batch_core::run::RunState;
use batch_core::storage::{ClaimRequest, Renewal, Settled};

use super::yard::{LEASE, Yard, processed, request, retry, workflow};

#[tokio::test]
async fn each_run_is_claimed_once_in_order_with_growing_tokens() {
    let yard = Yard::new().await;
    yard.submit(100).await;
    let mut seen = Vec::new();
    let mut tokens = Vec::new();
    for limit in [1, 7, 64, 64] {
        for run in yard.claim(limit).await {
            seen.push(run.claim.run().ordinal().get());
            tokens.push(run.claim.key().token);
        }
    }
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
    assert!(tokens.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn a_claimed_run_brings_its_own_input() {
    let yard = Yard::new().await;
    yard.submit(50).await;
    for run in yard.claim(50).await {
        let name = format!("input {}", run.claim.run().ordinal());
        assert_eq!(run.input.name(), Some(name.as_str()));
    }
}

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

#[tokio::test]
async fn only_the_asked_workflows_are_claimed() {
    let yard = Yard::new().await;
    yard.submit(3).await;
    let other = WorkflowId::new("other").unwrap();
    let request = ClaimRequest::new(vec![other], NonZeroU32::MIN);
    let claimed = yard.storage().claim(request).await.unwrap();
    assert!(claimed.runs.is_empty());
    assert_eq!(yard.claim(9).await.len(), 3);
}

#[tokio::test]
async fn a_small_batch_does_not_wait_behind_a_huge_one() {
    let yard = Yard::new().await;
    yard.submit(1_000).await;
    yard.claim(64).await;
    let small = yard.submit(10).await;
    let next = yard.claim(64).await;
    let of_small = next.iter().filter(|run| run.claim.run().batch() == small);
    assert_eq!(of_small.count(), 10);
}

#[tokio::test]
async fn a_lower_priority_number_is_claimed_first() {
    let yard = Yard::new().await;
    yard.submit(5).await;
    let urgent = yard.submit_request(request(5).priority(1)).await;
    let first = yard.claim(5).await;
    assert!(first.iter().all(|run| run.claim.run().batch() == urgent));
}

#[tokio::test]
async fn a_claim_that_is_not_renewed_runs_out_and_its_late_finisher_changes_nothing() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    let late = yard.claim(1).await.remove(0);
    yard.clock.advance(LEASE);
    let taken = yard.claim(1).await.remove(0);
    assert_eq!(taken.interruptions, 1);
    assert_eq!(taken.claim.attempt(), late.claim.attempt());
    assert_eq!(yard.settle(late, processed()).await, Settled::Stale);
    assert_eq!(yard.state(id, 0).await, RunState::Processing);
}

#[tokio::test]
async fn a_renewed_claim_lasts_for_another_lease() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    for _ in 0..5 {
        yard.clock.advance(LEASE - Duration::from_secs(1));
        let renewed = yard.storage().renew(vec![run.claim.key()], LEASE).await;
        assert_eq!(renewed.unwrap(), [Renewal::Kept]);
        assert!(yard.claim(1).await.is_empty());
    }
    yard.clock.advance(LEASE);
    assert_eq!(yard.claim(1).await.len(), 1);
}

#[tokio::test]
async fn a_lost_claim_is_told_so_when_it_is_renewed() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.clock.advance(LEASE);
    yard.claim(1).await;
    let renewed = yard.storage().renew(vec![run.claim.key()], LEASE).await;
    assert_eq!(renewed.unwrap(), [Renewal::Lost]);
}

#[tokio::test]
async fn a_clock_that_is_set_forward_takes_no_run_away() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.clock.jump(jiff::SignedDuration::from_hours(1));
    assert!(yard.claim(1).await.is_empty());
    assert!(matches!(
        yard.settle(run, processed()).await,
        Settled::Applied(_)
    ));
}

#[tokio::test]
async fn an_empty_claim_says_how_long_until_a_retry_is_due() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, retry(60)).await;
    yard.clock.advance(Duration::from_secs(20));
    let request = ClaimRequest::new(vec![workflow()], NonZeroU32::MIN);
    let claimed = yard.storage().claim(request).await.unwrap();
    assert_eq!(claimed.next_due, Some(Duration::from_secs(40)));
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
