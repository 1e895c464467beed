use std::time::Duration;

use batch_core::batch::BatchState;
use batch_core::run::RunState;
use batch_core::storage::{Settled, Settlement};

use super::yard::{Yard, failed, output, processed, retry};

#[tokio::test]
async fn every_disposition_leaves_the_run_where_it_says() {
    let yard = Yard::new().await;
    let id = yard.submit(4).await;
    let cases = [
        (processed(), RunState::Processed),
        (failed("X"), RunState::Failed),
        (retry(5), RunState::Pending),
        (
            batch_core::storage::Disposition::Released,
            RunState::Pending,
        ),
    ];
    for (run, (disposition, state)) in yard.claim(4).await.into_iter().zip(cases) {
        let ordinal = run.claim.run().ordinal().get();
        assert_eq!(yard.settle(run, disposition).await, Settled::Applied(state));
        assert_eq!(yard.state(id, ordinal).await, state);
    }
    let counts = yard.batch(id).await.counts;
    assert_eq!((counts.processed, counts.failed, counts.pending), (1, 1, 2));
}

#[tokio::test]
async fn outputs_small_and_large_come_back_as_they_were() {
    let yard = Yard::new().await;
    let id = yard.submit(3).await;
    let texts = ["small".to_owned(), "x".repeat(159), "large ".repeat(50_000)];
    for (run, text) in yard.claim(3).await.into_iter().zip(&texts) {
        yard.settle(run, output(text)).await;
    }
    for (ordinal, text) in (0..).zip(&texts) {
        let read = yard.run(id, ordinal).await.output.unwrap();
        assert_eq!(read.parse::<String>().unwrap(), *text);
    }
}

#[tokio::test]
async fn a_token_is_spent_once() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    let key = run.claim.key();
    yard.settle(run, processed()).await;
    let mut again = Settlement::new(
        batch_core::storage::Claim::new(key, batch_core::run::Attempt::FIRST),
        failed("LATE"),
    );
    again.started_at = None;
    let replies = yard.storage().settle(vec![again]).await.unwrap();
    assert_eq!(replies, [Settled::Stale]);
    assert_eq!(yard.state(id, 0).await, RunState::Processed);
}

#[tokio::test]
async fn a_retry_waits_for_its_time_and_counts_an_attempt() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, retry(60)).await;
    assert!(yard.claim(1).await.is_empty());
    let waiting = yard.run(id, 0).await;
    assert_eq!((waiting.attempts, waiting.state), (1, RunState::Pending));
    assert!(waiting.due_at.is_some() && waiting.failure.is_some());
    yard.clock.advance(Duration::from_secs(60));
    let run = yard.claim(1).await.remove(0);
    assert_eq!(run.claim.attempt().get(), 2);
}

#[tokio::test]
async fn runs_of_one_batch_fall_due_one_after_the_other() {
    let yard = Yard::new().await;
    yard.submit(3).await;
    for (seconds, run) in [30, 10, 20].into_iter().zip(yard.claim(3).await) {
        yard.settle(run, retry(seconds)).await;
    }
    for expected in [1, 2, 0] {
        yard.clock.advance(Duration::from_secs(10));
        let due = yard.claim(9).await;
        let ordinals: Vec<_> = due.iter().map(|r| r.claim.run().ordinal().get()).collect();
        assert_eq!(ordinals, [expected]);
    }
}

#[tokio::test]
async fn a_run_that_was_given_back_has_no_attempt_counted() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    for _ in 0..5 {
        let run = yard.claim(1).await.remove(0);
        assert_eq!(run.claim.attempt().get(), 1);
        yard.settle(run, batch_core::storage::Disposition::Released)
            .await;
    }
    let run = yard.run(id, 0).await;
    assert_eq!((run.attempts, run.interruptions), (0, 0));
}

#[tokio::test]
async fn a_batch_is_finished_with_its_last_run_and_not_before() {
    let yard = Yard::new().await;
    let id = yard.submit(20).await;
    let mut runs = yard.claim(20).await;
    let last = runs.pop().unwrap();
    for run in runs {
        yard.settle(run, processed()).await;
        assert!(!yard.batch(id).await.is_finished());
    }
    yard.settle(last, failed("X")).await;
    let batch = yard.batch(id).await;
    assert_eq!(batch.state, BatchState::Processed);
    assert!(batch.is_finished() && !batch.succeeded());
    assert!(batch.finished_at.is_some());
}

#[tokio::test]
async fn a_clock_that_is_set_back_ends_no_run_before_it_began() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.clock.jump(jiff::SignedDuration::from_hours(-2));
    yard.settle(run, processed()).await;
    let run = yard.run(id, 0).await;
    assert!(run.ended_at >= run.started_at);
}
