use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::conformance::sample::{ordinals, poll_once, processed, request, retry, workflow};
use crate::conformance::yard::{LEASE, Yard};
use crate::id::{BatchId, WorkflowId};
use crate::storage::{ClaimRequest, ClaimedRun, Disposition, Settled, WorkflowChange};

async fn deploy(yard: &Yard, name: &str) -> WorkflowId {
    let id = WorkflowId::new(name).unwrap();
    let change = WorkflowChange::EnsureDeployed;
    let made = yard.storage().change_workflow(id.clone(), change).await;
    made.unwrap();
    id
}

/// Shows: "Grants at most limit due runs of the asked workflows."
/// Shows: "Runs of one batch that were never claimed come in their order."
/// Shows: "Each run goes to one claimer, with a token greater than every token before."
pub(crate) async fn each_run_is_claimed_once_in_order_with_growing_tokens(yard: &mut Yard) {
    yard.submit(100).await;
    let mut seen = Vec::new();
    let mut tokens = Vec::new();
    for (limit, granted) in [(1, 1), (7, 7), (64, 64), (64, 28), (64, 0)] {
        let runs = yard.claim(limit).await;
        assert_eq!(runs.len(), granted);
        seen.extend(ordinals(&runs));
        tokens.extend(runs.iter().map(|run| run.claim.key().token));
    }
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
    assert!(tokens.is_sorted_by(|a, b| a < b), "{tokens:?}");
}

/// Shows: "Each run goes to one claimer, with a token greater than every token before."
pub(crate) async fn a_run_that_is_claimed_again_gets_a_greater_token(yard: &mut Yard) {
    yard.submit(1).await;
    let mut last = None;
    for disposition in [Disposition::Released, retry(0), Disposition::Released] {
        let run = yard.claim_one().await;
        let token = run.claim.key().token;
        assert!(last.is_none_or(|last| last < token), "{last:?} {token:?}");
        last = Some(token);
        yard.settle(run, disposition).await;
    }
}

/// Shows: "It brings its own input, secrets included."
pub(crate) async fn a_claimed_run_brings_its_own_input(yard: &mut Yard) {
    let id = yard.submit(50).await;
    let batch = yard.batch(id).await;
    for run in yard.claim(50).await {
        let name = format!("input {}", run.claim.run().ordinal());
        assert_eq!(run.input.name(), Some(name.as_str()));
        assert_eq!(run.workflow, batch.workflow);
        assert_eq!(run.version, batch.version);
        assert_eq!(run.submission, batch.submission);
        assert_eq!((run.claim.attempt().get(), run.interruptions), (1, 0));
    }
}

/// Shows: "Grants at most limit due runs of the asked workflows."
pub(crate) async fn only_the_asked_workflows_are_claimed(yard: &mut Yard) {
    let other = deploy(yard, "other").await;
    yard.submit(3).await;
    let ask = |workflows| {
        yard.storage()
            .claim(ClaimRequest::new(workflows, NonZeroU32::MAX))
    };
    assert!(ask(vec![other.clone()]).await.unwrap().runs.is_empty());
    assert!(ask(vec![]).await.unwrap().runs.is_empty());
    let mut of_other = request(2);
    of_other.workflow = "other".into();
    let id = yard.submit_request(of_other).await;
    let claimed = ask(vec![other.clone()]).await.unwrap().runs;
    assert_eq!(claimed.len(), 2);
    assert!(claimed.iter().all(|run| run.claim.run().batch() == id));
    assert_eq!(ask(vec![other, workflow()]).await.unwrap().runs.len(), 3);
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn a_small_batch_does_not_wait_behind_a_huge_one(yard: &mut Yard) {
    yard.submit(1_000).await;
    yard.claim(64).await;
    let small = yard.submit(10).await;
    let next = yard.claim(64).await;
    let of_small = next.iter().filter(|run| run.claim.run().batch() == small);
    assert_eq!(of_small.count(), 10);
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn submissions_of_one_priority_are_served_alike(yard: &mut Yard) {
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(yard.submit(100).await);
    }
    let claimed = yard.claim(90).await;
    for id in ids {
        let of_one = claimed.iter().filter(|run| run.claim.run().batch() == id);
        let count = of_one.count();
        assert!(
            (25..=35).contains(&count),
            "{count} of 90 runs, of three batches"
        );
    }
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn a_lower_priority_number_is_claimed_first(yard: &mut Yard) {
    yard.submit(5).await;
    let urgent = yard.submit_request(request(5).priority(1)).await;
    let first = yard.claim(5).await;
    assert_eq!(first.len(), 5);
    assert!(first.iter().all(|run| run.claim.run().batch() == urgent));
    assert_eq!(yard.claim(9).await.len(), 5);
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn priorities_and_turns_hold_across_workflows(yard: &mut Yard) {
    let other = deploy(yard, "other").await;
    let both = [workflow(), other];
    yard.submit(100).await;
    yard.claim(20).await;
    let of_other = |inputs, priority: i64| {
        let mut request = request(inputs).priority(priority);
        request.workflow = "other".into();
        request
    };
    let late = yard.submit_request(of_other(5, 91)).await;
    let same = yard.submit_request(of_other(5, 90)).await;
    let urgent = yard.submit_request(of_other(5, 1)).await;
    let claimed = claim_of(yard, &both, 5).await;
    assert!(claimed.iter().all(|batch| *batch == urgent), "{claimed:?}");
    let claimed = claim_of(yard, &both, 10).await;
    let in_turn = claimed.iter().filter(|batch| **batch == same).count();
    assert_eq!(in_turn, 5, "{claimed:?}");
    assert!(!claimed.contains(&late), "{claimed:?}");
    let claimed = claim_of(yard, &both, 75).await;
    assert!(!claimed.contains(&late), "{claimed:?}");
}

/// The batches that runs of these workflows are granted of.
async fn claim_of(yard: &Yard, workflows: &[WorkflowId], limit: u32) -> Vec<BatchId> {
    let limit = NonZeroU32::new(limit).unwrap();
    let request = ClaimRequest::new(workflows.to_vec(), limit);
    let claimed = yard.storage().claim(request).await.unwrap();
    let batch = |run: &ClaimedRun| run.claim.run().batch();
    claimed.runs.iter().map(batch).collect()
}

/// Shows: "Claimed::next_due is never later than the moment when time alone makes another run claimable."
pub(crate) async fn an_empty_claim_says_how_long_until_a_retry_is_due(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(60)).await;
    yard.clock().advance(Duration::from_secs(20));
    let claimed = yard.ask(1).await.unwrap();
    assert!(claimed.runs.is_empty());
    let wait = claimed.next_due.expect("a retry waits");
    assert!(wait <= Duration::from_secs(40), "{wait:?}");
    yard.clock().advance(Duration::from_secs(40));
    yard.claim_one().await;
}

/// Shows: "Claimed::next_due is never later than the moment when time alone makes another run claimable."
pub(crate) async fn an_empty_claim_says_how_long_until_a_lease_runs_out(yard: &mut Yard) {
    yard.submit(1).await;
    yard.claim_one().await;
    let claimed = yard.ask(1).await.unwrap();
    assert!(claimed.runs.is_empty());
    let wait = claimed.next_due.expect("a lease runs");
    assert!(wait <= LEASE, "{wait:?}");
    yard.clock().advance(LEASE);
    yard.claim_one().await;
}

/// Shows: "Leases are measured by uptime, so that a wall clock that is set forward or back takes no run away and ends no run before it began."
pub(crate) async fn a_clock_that_is_set_forward_takes_no_run_away(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.clock().jump(jiff::SignedDuration::from_hours(1));
    assert!(yard.claim(1).await.is_empty());
    let settled = yard.settle(run, processed()).await;
    assert!(matches!(settled, Settled::Applied(_)), "{settled:?}");
}

/// Shows: "A claim whose future is dropped holds no run for longer than a lease."
pub(crate) async fn a_claim_whose_future_is_dropped_holds_nothing_after_a_lease(yard: &mut Yard) {
    yard.submit(3).await;
    for polls in [0, 1] {
        let request = ClaimRequest::new(vec![workflow()], NonZeroU32::new(3).unwrap());
        let mut claim = yard.storage().claim(request);
        for _ in 0..polls {
            // What an inline store answers at once is taken: it was not dropped.
            if let std::task::Poll::Ready(claimed) = poll_once(&mut claim).await {
                for run in claimed.unwrap().runs {
                    yard.settle(run, Disposition::Released).await;
                }
                break;
            }
        }
    }
    // What the dropped call did, it has done by the time of this read.
    yard.head().await;
    yard.clock().advance(LEASE);
    let runs = yard.claim(9).await;
    let again: BTreeSet<_> = runs.iter().map(|run| run.claim.run()).collect();
    assert_eq!(again.len(), 3);
}
