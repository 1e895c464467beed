use std::num::NonZeroU32;
use std::time::Duration;

use crate::batch::BatchState;
use crate::conformance::sample::{kind, ordinals, processed, request};
use crate::conformance::yard::{LEASE, Yard};
use crate::id::WorkflowId;
use crate::run::{Failure, RunState};
use crate::storage::{ClaimRequest, Renewal, Settled, WorkflowChange};

/// Shows: "A claim that was not renewed for a lease is taken back when runs are next claimed."
/// Shows: "A run that loses its holder waits again under the same attempt number, with one interruption counted and no attempt."
pub(crate) async fn a_claim_that_is_not_renewed_runs_out(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let late = yard.claim_one().await;
    yard.clock().advance(LEASE - Duration::from_millis(1));
    assert!(yard.claim(1).await.is_empty());
    yard.clock().advance(Duration::from_millis(1));
    let taken = yard.claim_one().await;
    assert_eq!(taken.interruptions, 1);
    assert_eq!(taken.claim.attempt(), late.claim.attempt());
    let run = yard.run(id, 0).await;
    assert_eq!((run.attempts, run.interruptions), (0, 1));
    assert_eq!(run.state, RunState::Processing);
    let entries = yard.journal().await;
    let kinds: Vec<_> = entries.iter().map(|entry| kind(&entry.fact)).collect();
    assert_eq!(kinds, ["created", "started", "interrupted", "started"]);
}

/// Shows: "One that was asked to stop ends as cancelled instead."
pub(crate) async fn a_run_asked_to_stop_is_cancelled_when_its_claim_runs_out(yard: &mut Yard) {
    let id = yard.submit(2).await;
    yard.claim_one().await;
    yard.cancel_run(id, 0).await;
    yard.clock().advance(LEASE);
    assert_eq!(ordinals(&yard.claim(9).await), [1]);
    assert_eq!(yard.state(id, 0).await, RunState::Cancelled);
    yard.recount(id).await;
}

/// Shows: "Where one process holds the store alone, every claim of a dead process is void as soon as the store is opened again."
/// Shows: "Claims are durable before the call returns."
pub(crate) async fn runs_that_a_dead_process_held_are_claimable_at_once(yard: &mut Yard) {
    let id = yard.submit(5).await;
    let held = yard.claim(3).await;
    yard.crash().await;
    assert_eq!(yard.batch(id).await.counts.pending, 5);
    let again = yard.claim(9).await;
    assert_eq!(again.len(), 5);
    for run in &again {
        let interrupted = u32::from(run.claim.run().ordinal().get() < 3);
        assert_eq!(run.interruptions, interrupted, "{:?}", run.claim);
        assert_eq!(run.claim.attempt().get(), 1);
    }
    assert_eq!(yard.run(id, 0).await.attempts, 0);
    for run in held {
        let key = run.claim.key();
        assert_eq!(yard.renew(vec![key]).await, [Renewal::Lost]);
        assert_eq!(yard.settle(run, processed()).await, Settled::Stale);
    }
    yard.recount(id).await;
}

/// Shows: "One that was asked to stop ends as cancelled instead."
pub(crate) async fn a_run_asked_to_stop_is_cancelled_when_its_process_dies(yard: &mut Yard) {
    let id = yard.submit(2).await;
    yard.claim_one().await;
    yard.cancel_run(id, 0).await;
    let whole = yard.submit(2).await;
    yard.claim(2).await;
    yard.cancel_batch(whole).await;
    yard.crash().await;
    assert_eq!(yard.state(id, 0).await, RunState::Cancelled);
    let batch = yard.batch(whole).await;
    assert_eq!(batch.state, BatchState::Cancelled);
    assert_eq!(batch.counts.cancelled, 2);
    let entries = yard.journal().await;
    let ends = entries
        .iter()
        .filter(|entry| kind(&entry.fact) == "finished");
    assert_eq!(ends.filter(|entry| entry.batch == whole).count(), 1);
}

/// Shows: "A run interrupted twice executes in quarantine: with at most seven others like it, while nothing else is held, and nothing else is claimed while it is held."
pub(crate) async fn suspects_execute_in_groups_of_eight_while_nothing_else_does(yard: &mut Yard) {
    yard.submit(20).await;
    for _ in 0..2 {
        assert_eq!(yard.claim(20).await.len(), 20);
        yard.clock().advance(LEASE);
    }
    let mut groups = Vec::new();
    while groups.iter().sum::<usize>() < 20 {
        let group = yard.claim(64).await;
        assert!(!group.is_empty(), "{groups:?} and then nothing");
        groups.push(group.len());
        for run in group {
            assert!(yard.claim(64).await.is_empty());
            assert!(run.interruptions >= 2, "{run:?}");
            yard.settle(run, processed()).await;
        }
    }
    assert_eq!(groups, [8, 8, 4]);
}

/// Shows: "The group halves with each further interruption."
pub(crate) async fn a_group_of_suspects_halves_with_each_interruption(yard: &mut Yard) {
    yard.submit(20).await;
    let mut groups = Vec::new();
    for _ in 0..6 {
        groups.push(yard.claim(20).await.len());
        yard.clock().advance(LEASE);
    }
    // Runs that were interrupted less often go on in larger groups meanwhile.
    assert_eq!(groups[..3], [20, 20, 8]);
    assert!(groups.iter().all(|group| *group > 0));
}

/// Shows: "A run interrupted five times executes alone; interrupted once more then, it ends as failed with Failure::CRASHED."
pub(crate) async fn a_poison_run_is_found_alone_and_fails_while_its_neighbours_go_on(
    yard: &mut Yard,
) {
    let id = yard.submit(4).await;
    // Whoever executes run 2 dies.
    let mut deaths = 0;
    loop {
        let claimed = yard.claim(4).await;
        if claimed.is_empty() {
            break;
        }
        if ordinals(&claimed).contains(&2) {
            deaths += 1;
            assert!(deaths < 20, "the poison run is never found");
            yard.crash().await;
            continue;
        }
        for run in claimed {
            yard.settle(run, processed()).await;
        }
    }
    let batch = yard.batch(id).await;
    assert_eq!((batch.counts.processed, batch.counts.failed), (3, 1));
    let poison = yard.run(id, 2).await;
    assert_eq!(poison.failure.unwrap().reason(), Failure::CRASHED);
    assert_eq!((deaths, poison.interruptions), (6, 6));
}

/// Shows: "Other work goes before quarantine, but not for ever."
pub(crate) async fn suspects_wait_for_other_work_but_not_for_ever(yard: &mut Yard) {
    let id = yard.submit(1).await;
    for _ in 0..2 {
        yard.claim_one().await;
        yard.crash().await;
    }
    yard.submit(1_000).await;
    for run in yard.claim(8).await {
        assert_ne!(run.claim.run().batch(), id);
        yard.settle(run, processed()).await;
    }
    yard.clock().advance(Duration::from_secs(60));
    let alone = yard.claim(64).await;
    assert_eq!(alone.len(), 1);
    assert_eq!(alone[0].claim.run().batch(), id);
}

/// Shows: "Other work goes before quarantine, but not for ever."
pub(crate) async fn suspects_of_a_workflow_that_nobody_asks_for_hold_nobody_up(yard: &mut Yard) {
    let other = WorkflowId::new("other").unwrap();
    let change = WorkflowChange::EnsureDeployed;
    let storage = yard.storage();
    storage
        .change_workflow(other.clone(), change)
        .await
        .unwrap();
    let mut request = request(1);
    request.workflow = "other".into();
    yard.submit_request(request).await;
    for _ in 0..2 {
        let asked = ClaimRequest::new(vec![other.clone()], NonZeroU32::MIN);
        assert_eq!(yard.storage().claim(asked).await.unwrap().runs.len(), 1);
        yard.clock().advance(LEASE);
    }
    assert!(yard.claim(1).await.is_empty());
    yard.submit(5).await;
    yard.clock().advance(Duration::from_secs(60));
    assert_eq!(yard.claim(5).await.len(), 5);
}
