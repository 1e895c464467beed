use batch_core::id::BatchId;
use batch_core::storage::{ErrorKind, NewBatch, StorageError};

use super::faulty_kv::Fault;
use super::yard::{Yard, processed, request, retry, valid};

/// A day of work; stops at the first error and tells which batches were acknowledged.
async fn day(yard: &Yard, acknowledged: &mut Vec<BatchId>) -> Result<(), StorageError> {
    for n in 1..=4 {
        let content = valid(request(n * 5).idempotency_key(format!("key {n}")));
        let id = BatchId::generate();
        yard.storage().insert(NewBatch::single(id, content)).await?;
        acknowledged.push(id);
        let limit = std::num::NonZeroU32::new(8).unwrap();
        let asked = batch_core::storage::ClaimRequest::new(vec![super::yard::workflow()], limit);
        let claimed = yard.storage().claim(asked).await?;
        for (k, run) in claimed.runs.into_iter().enumerate() {
            let how = if k % 3 == 0 { retry(0) } else { processed() };
            let settlement = batch_core::storage::Settlement::new(run.claim, how);
            yard.storage().settle(vec![settlement]).await?;
        }
        if n == 3 {
            let target = batch_core::storage::CancelTarget::Batch(id);
            yard.storage().cancel(target).await?;
        }
    }
    Ok(())
}

/// Every batch is whole, its counts equal a recount, and the journal has no gap.
async fn check(yard: &Yard, acknowledged: &[BatchId]) {
    let page = yard.storage().batches(Default::default()).await.unwrap();
    for id in acknowledged {
        let known = page.items.iter().any(|batch| batch.id == *id);
        assert!(known, "{id} was acknowledged and is gone");
    }
    for batch in page.items {
        let runs = yard.runs_of(batch.id).await;
        assert_eq!(runs.len() as u64, batch.counts.total());
        for state in batch_core::run::RunState::ALL {
            let counted = runs.iter().filter(|run| run.state == state).count();
            assert_eq!(batch.counts.of(state), counted as u64, "{state}");
        }
    }
    yard.journal().await;
}

#[tokio::test]
async fn whatever_commit_fails_the_promises_hold_after_reopening() {
    let whole = Yard::new().await;
    let start = whole.kv.commits();
    day(&whole, &mut Vec::new()).await.unwrap();
    let commits = whole.kv.commits() - start;
    assert!(commits > 30, "{commits}");
    for n in 0..commits {
        for fault in [Fault::LoseFrom, Fault::KeepFrom] {
            let mut yard = Yard::new().await;
            yard.kv.plan(Some(fault(yard.kv.commits() + n)));
            let mut acknowledged = Vec::new();
            let error = day(&yard, &mut acknowledged).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InDoubt);
            yard.kv.plan(None);
            yard.crash();
            check(&yard, &acknowledged).await;
            yard.work_off().await;
            check(&yard, &acknowledged).await;
        }
    }
}

#[tokio::test]
async fn after_a_failed_commit_writes_are_refused_and_reads_show_what_was_before() {
    let yard = Yard::new().await;
    let id = yard.submit(3).await;
    let run = yard.claim(1).await.remove(0);
    let before = yard.batch(id).await;
    yard.kv.plan(Some(Fault::LoseFrom(yard.kv.commits())));
    let settlement = batch_core::storage::Settlement::new(run.claim, processed());
    let error = yard.storage().settle(vec![settlement]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InDoubt);
    yard.kv.plan(None);
    let content = valid(request(1));
    let batch = NewBatch::single(BatchId::generate(), content);
    let refused = yard.storage().insert(batch).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refusing);
    assert_eq!(yard.batch(id).await, before);
}

#[tokio::test]
async fn what_a_failed_commit_may_have_written_is_not_shown_as_durable() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.kv.plan(Some(Fault::KeepFrom(yard.kv.commits())));
    let settlement = batch_core::storage::Settlement::new(run.claim, processed());
    yard.storage().settle(vec![settlement]).await.unwrap_err();
    let read = yard.storage().run(super::yard::run_id(id, 0)).await;
    match read {
        Ok(run) => assert!(!run.unwrap().state.is_ended()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::InDoubt),
    }
}
