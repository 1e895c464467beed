use std::time::Duration;

use crate::conformance::sample::processed;
use crate::conformance::yard::{LEASE, Yard};
use crate::storage::{Renewal, Settled};

/// Shows: "Keeps claims for another lease; the replies stand in the order of the claims."
pub(crate) async fn a_renewed_claim_lasts_for_another_lease(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    for _ in 0..5 {
        yard.clock().advance(LEASE - Duration::from_secs(1));
        assert_eq!(yard.renew(vec![run.claim.key()]).await, [Renewal::Kept]);
        assert!(yard.claim(1).await.is_empty());
    }
    yard.clock().advance(LEASE);
    assert_eq!(yard.claim(1).await.len(), 1);
}

/// Shows: "Keeps claims for another lease; the replies stand in the order of the claims."
pub(crate) async fn replies_stand_in_the_order_of_the_claims(yard: &mut Yard) {
    let id = yard.submit(3).await;
    let mut runs = yard.claim(3).await;
    let mut keys: Vec<_> = runs.iter().map(|run| run.claim.key()).collect();
    yard.settle(runs.remove(1), processed()).await;
    yard.cancel_run(id, 0).await;
    let expected = [Renewal::CancelAsked, Renewal::Lost, Renewal::Kept];
    assert_eq!(yard.renew(keys.clone()).await, expected);
    keys.reverse();
    let renewed = yard.renew(keys).await;
    assert!(renewed.iter().rev().eq(&expected), "{renewed:?}");
    assert!(yard.renew(vec![]).await.is_empty());
}

/// Shows: "A claim that is not current is Renewal::Lost, and asking brings none back."
pub(crate) async fn a_lost_claim_is_told_so_and_stays_lost(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.clock().advance(LEASE);
    let taken = yard.claim_one().await;
    for _ in 0..2 {
        assert_eq!(yard.renew(vec![run.claim.key()]).await, [Renewal::Lost]);
    }
    assert_eq!(yard.settle(run, processed()).await, Settled::Stale);
    assert_eq!(yard.renew(vec![taken.claim.key()]).await, [Renewal::Kept]);
}

/// Shows: "A claim that is not current is Renewal::Lost, and asking brings none back."
pub(crate) async fn the_claim_of_a_run_that_ended_is_lost(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    let key = run.claim.key();
    yard.settle(run, processed()).await;
    assert_eq!(yard.renew(vec![key]).await, [Renewal::Lost]);
}

/// Shows: "One whose run was asked to stop lasts all the same and is told Renewal::CancelAsked."
pub(crate) async fn a_run_that_was_asked_to_stop_is_told_so_and_kept(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let runs = yard.claim(2).await;
    let keys: Vec<_> = runs.iter().map(|run| run.claim.key()).collect();
    yard.cancel_batch(id).await;
    for _ in 0..3 {
        yard.clock().advance(LEASE - Duration::from_secs(1));
        let renewed = yard.renew(keys.clone()).await;
        assert_eq!(renewed, [Renewal::CancelAsked; 2]);
        assert!(yard.claim(1).await.is_empty());
    }
    assert_eq!(yard.batch(id).await.counts.cancelling, 2);
}
