use batch_core::batch::BatchState;
use batch_core::id::BatchId;
use batch_core::run::RunState;
use batch_core::storage::{CancelReply, CancelTarget, Renewal, Settled};

use super::yard::{LEASE, Yard, output, processed, retry, run_id};

async fn cancel(yard: &Yard, target: CancelTarget) -> CancelReply {
    yard.storage().cancel(target).await.unwrap()
}

#[tokio::test]
async fn cancelling_a_thousand_waiting_runs_costs_the_writes_of_cancelling_ten() {
    let yard = Yard::new().await;
    let mut costs = Vec::new();
    for inputs in [10, 1_000] {
        let id = yard.submit(inputs).await;
        let before = yard.kv.writes();
        let reply = cancel(&yard, CancelTarget::Batch(id)).await;
        assert_eq!(reply, CancelReply::Cancelled);
        costs.push(yard.kv.writes() - before);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn a_cancelled_batch_ends_what_waits_and_asks_what_is_held() {
    let yard = Yard::new().await;
    let id = yard.submit(20).await;
    let held = yard.claim(3).await;
    let retried = yard.claim(1).await.remove(0);
    yard.settle(retried, retry(60)).await;
    let reply = cancel(&yard, CancelTarget::Batch(id)).await;
    assert_eq!(reply, CancelReply::Cancelling);
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Cancelling);
    assert_eq!((batch.counts.cancelling, batch.counts.cancelled), (3, 17));
    assert!(yard.claim(9).await.is_empty());
    let keys = held.iter().map(|run| run.claim.key()).collect();
    let renewed = yard.storage().renew(keys, LEASE).await.unwrap();
    assert_eq!(renewed, [Renewal::CancelAsked; 3]);
}

#[tokio::test]
async fn whatever_a_run_gives_back_after_its_cancel_it_ends_cancelled() {
    let yard = Yard::new().await;
    let id = yard.submit(3).await;
    let held = yard.claim(3).await;
    cancel(&yard, CancelTarget::Batch(id)).await;
    let dispositions = [
        output("late"),
        retry(1),
        batch_core::storage::Disposition::Released,
    ];
    for (run, disposition) in held.into_iter().zip(dispositions) {
        let settled = yard.settle(run, disposition).await;
        assert_eq!(settled, Settled::Applied(RunState::Cancelled));
    }
    assert_eq!(yard.run(id, 0).await.output, None);
    assert_eq!(yard.batch(id).await.state, BatchState::Cancelled);
}

#[tokio::test]
async fn one_run_is_cancelled_and_its_batch_goes_on() {
    let yard = Yard::new().await;
    let id = yard.submit(3).await;
    let reply = cancel(&yard, CancelTarget::Run(run_id(id, 1))).await;
    assert_eq!(reply, CancelReply::Cancelled);
    assert_eq!(yard.work_off().await, 2);
    let batch = yard.batch(id).await;
    assert_eq!((batch.counts.processed, batch.counts.cancelled), (2, 1));
    assert_eq!(batch.state, BatchState::Processed);
}

#[tokio::test]
async fn a_held_run_that_is_cancelled_ends_when_its_holder_settles() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    let target = CancelTarget::Run(run.claim.run());
    assert_eq!(cancel(&yard, target).await, CancelReply::Cancelling);
    assert_eq!(yard.state(id, 0).await, RunState::Cancelling);
    yard.settle(run, processed()).await;
    assert_eq!(yard.state(id, 0).await, RunState::Cancelled);
}

#[tokio::test]
async fn cancelling_what_has_ended_or_never_was_says_so() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    yard.work_off().await;
    let run = cancel(&yard, CancelTarget::Run(run_id(id, 0))).await;
    assert_eq!(run, CancelReply::RunEnded(RunState::Processed));
    let batch = cancel(&yard, CancelTarget::Batch(id)).await;
    assert_eq!(batch, CancelReply::BatchFinished);
    for target in [
        CancelTarget::Run(run_id(id, 1)),
        CancelTarget::Run(run_id(BatchId::generate(), 0)),
        CancelTarget::Batch(BatchId::generate()),
    ] {
        assert_eq!(cancel(&yard, target).await, CancelReply::NotFound);
    }
}

#[tokio::test]
async fn a_cancelled_batch_reads_the_same_after_it_is_reopened() {
    let mut yard = Yard::new().await;
    let id = yard.submit(20).await;
    yard.claim(2).await;
    cancel(&yard, CancelTarget::Batch(id)).await;
    yard.crash();
    let batch = yard.batch(id).await;
    assert_eq!(
        (batch.state, batch.counts.cancelled),
        (BatchState::Cancelled, 20)
    );
    let runs = yard.runs_of(id).await;
    assert!(runs.iter().all(|run| run.state == RunState::Cancelled));
    assert!(runs.iter().all(|run| run.ended_at.is_some()));
}
