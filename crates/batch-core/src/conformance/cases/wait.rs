use std::time::Duration;

use crate::conformance::sample::{poll_once, processed, retry};
use crate::conformance::yard::{LEASE, Yard};
use crate::journal::Sequence;
use crate::storage::Disposition;

/// Shows: "Waits until the journal has an entry after a position, and gives the last one."
pub(crate) async fn a_waiter_wakes_when_the_journal_grows(yard: &mut Yard) {
    let mut wait = yard.storage().wait(Sequence::START);
    assert!(poll_once(&mut wait).await.is_pending());
    yard.submit(1).await;
    assert_eq!(wait.await.unwrap(), Sequence::new(1));
}

/// Shows: "Waits until the journal has an entry after a position, and gives the last one."
pub(crate) async fn who_is_behind_does_not_wait(yard: &mut Yard) {
    for _ in 0..3 {
        yard.submit(1).await;
    }
    let reached = yard.storage().wait(Sequence::new(1)).await.unwrap();
    assert_eq!(reached, Sequence::new(3));
    let mut wait = yard.storage().wait(Sequence::new(3));
    assert!(poll_once(&mut wait).await.is_pending());
}

/// Shows: "Everything that makes a run claimable, but for time passing and a limit that is raised, is in the journal."
pub(crate) async fn whatever_makes_a_run_claimable_wakes_a_waiter(yard: &mut Yard) {
    yard.submit(2).await;
    let mut runs = yard.claim(2).await;
    let dispositions = [Disposition::Released, retry(0)];
    for disposition in dispositions {
        let head = yard.head().await;
        let mut wait = yard.storage().wait(head);
        assert!(poll_once(&mut wait).await.is_pending());
        yard.settle(runs.remove(0), disposition).await;
        assert!(wait.await.unwrap() > head);
        yard.claim_one().await;
    }
}

/// Shows: "Everything that makes a run claimable, but for time passing and a limit that is raised, is in the journal."
pub(crate) async fn a_suspect_that_may_go_next_wakes_a_waiter(yard: &mut Yard) {
    yard.submit(1).await;
    for _ in 0..2 {
        yard.claim_one().await;
        yard.clock().advance(LEASE);
    }
    let other = yard.submit(1).await;
    let held = yard.claim_one().await;
    assert_eq!(held.claim.run().batch(), other);
    assert!(yard.claim(1).await.is_empty());
    let head = yard.head().await;
    let mut wait = yard.storage().wait(head);
    assert!(poll_once(&mut wait).await.is_pending());
    yard.settle(held, processed()).await;
    assert!(wait.await.unwrap() > head);
    yard.clock().advance(Duration::from_millis(1));
    yard.claim_one().await;
}
