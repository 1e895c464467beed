use crate::conformance::Fault;
use crate::conformance::case::Factory;
use crate::conformance::sample::{processed, request, retry, step, valid};
use crate::conformance::yard::{Yard, run_id};
use crate::id::{BatchId, SinkName};
use crate::journal::Sequence;
use crate::storage::{
    BatchQuery, CancelTarget, ClaimKey, ClaimToken, DeleteTarget, ErrorKind, NewBatch,
    PruneRequest, Settlement, SinkStart, StorageError, WorkflowChange,
};
use crate::time::Clock;

/// A day of work; stops at the first error and tells which batches were acknowledged.
async fn day(yard: &Yard, acknowledged: &mut Vec<BatchId>) -> Result<(), StorageError> {
    for n in 1..=4 {
        let content = valid(request(n * 5).idempotency_key(format!("key {n}")));
        let id = BatchId::generate();
        yard.storage().insert(NewBatch::single(id, content)).await?;
        acknowledged.push(id);
        let claimed = yard.ask(8).await?;
        for (k, run) in claimed.runs.into_iter().enumerate() {
            let how = if k % 3 == 0 { retry(0) } else { processed() };
            let settlement = Settlement::new(run.claim, how);
            yard.storage().settle(vec![settlement]).await?;
        }
        if n == 3 {
            yard.storage().cancel(CancelTarget::Batch(id)).await?;
        }
    }
    Ok(())
}

/// Every batch is whole, its counts equal a recount, and the journal has no gap.
async fn check(yard: &Yard, acknowledged: &[BatchId]) {
    let batches = yard.batches(BatchQuery::default()).await;
    for id in acknowledged {
        let known = batches.iter().any(|batch| batch.id == *id);
        assert!(known, "{id} was acknowledged and is gone");
    }
    for batch in batches {
        yard.recount(batch.id).await;
    }
    let entries = yard.journal().await;
    let numbers = entries.iter().map(|entry| entry.sequence.get());
    assert!(
        numbers.eq((1..).take(entries.len())),
        "the journal has a gap"
    );
}

/// What a day came to whose commit number `n` failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Struck {
    Yes,
    /// The day has fewer commits.
    No,
}

/// Lives a day with a fault in it, opens the store again and looks whether the promises hold.
async fn strike(yard: &mut Yard, fault: Fault) -> Struck {
    let mut acknowledged = Vec::new();
    yard.plan(Some(fault));
    let ended = day(yard, &mut acknowledged).await;
    yard.plan(None);
    let Err(error) = ended else {
        return Struck::No;
    };
    assert_eq!(error.kind(), ErrorKind::InDoubt, "{error}");
    yard.crash().await;
    check(yard, &acknowledged).await;
    yard.work_off().await;
    check(yard, &acknowledged).await;
    Struck::Yes
}

/// The same, in a store of its own.
fn strike_once(harness: &Factory<'_>, fault: Fault) -> Struck {
    let (sender, receiver) = std::sync::mpsc::channel();
    Yard::visit(harness(), move |yard| {
        Box::pin(async move {
            let struck = strike(yard, fault).await;
            sender.send(struck).expect("it is waited for");
        })
    });
    receiver.recv().expect("the day was lived")
}

/// Shows: "A call whose commit failed says ErrorKind::InDoubt, and what it wrote is then there whole or not at all."
/// Shows: "Counts, run records and journal entries of a change move in one commit."
pub(crate) fn whatever_commit_fails_the_promises_hold_after_opening(harness: &Factory<'_>) {
    let faults: [fn(u64) -> Fault; 2] =
        [|after| Fault::Lose { after }, |after| Fault::Keep { after }];
    for fault in faults {
        let mut commits = 0;
        while strike_once(harness, fault(commits)) == Struck::Yes {
            commits += 1;
        }
        assert!(commits > 30, "only {commits} commits in a day of work");
    }
}

/// Shows: "After a failed commit every write is refused with ErrorKind::Refusing until the store is opened again; a sync is never retried."
/// Shows: "Reads go on; what the commit touched may be in doubt until then, and is never shown as done."
pub(crate) async fn after_a_failed_commit_every_write_is_refused_and_reads_go_on(yard: &mut Yard) {
    let other = yard.submit(3).await;
    let before = (yard.batch(other).await, yard.runs_of(other).await);
    let id = yard.submit_request(request(1).priority(1)).await;
    let run = yard.claim_one().await;
    assert_eq!(run.claim.run().batch(), id);
    yard.plan(Some(Fault::Lose { after: 0 }));
    let settlement = Settlement::new(run.claim, processed());
    let error = yard.storage().settle(vec![settlement]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InDoubt);
    yard.plan(None);
    for error in writes(yard, other).await {
        assert_eq!(error.kind(), ErrorKind::Refusing, "{error}");
    }
    assert_eq!((yard.batch(other).await, yard.runs_of(other).await), before);
    match yard.storage().batch(id).await {
        Ok(batch) => assert!(!batch.unwrap().is_finished()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::InDoubt),
    }
    yard.crash().await;
    assert_eq!(yard.work_off().await, 4);
}

/// One of each write, on a store that refuses them.
async fn writes(yard: &Yard, id: BatchId) -> Vec<StorageError> {
    let storage = yard.storage();
    let batch = NewBatch::single(BatchId::generate(), valid(request(1)));
    let sink = || SinkName::new("new").unwrap();
    let key = ClaimKey {
        run: run_id(id, 0),
        token: ClaimToken::new(1),
    };
    let workflow = crate::conformance::sample::workflow();
    let prune = PruneRequest::new(yard.clock().now().wall, std::num::NonZeroU32::MIN);
    let change = WorkflowChange::Deploy;
    let update = crate::conformance::sample::renamed();
    vec![
        storage.insert(batch).await.unwrap_err(),
        yard.ask(1).await.unwrap_err(),
        storage.settle(vec![]).await.unwrap_err(),
        storage.record_step(key, step("a", "")).await.unwrap_err(),
        storage.cancel(CancelTarget::Batch(id)).await.unwrap_err(),
        storage.delete(DeleteTarget::Batch(id)).await.unwrap_err(),
        storage.update_run(run_id(id, 0), update).await.unwrap_err(),
        storage.open_sink(sink(), SinkStart::Now).await.unwrap_err(),
        storage
            .advance_sink(sink(), Sequence::new(1))
            .await
            .unwrap_err(),
        storage.remove_sink(sink()).await.unwrap_err(),
        storage.change_workflow(workflow, change).await.unwrap_err(),
        storage.prune(prune).await.unwrap_err(),
    ]
}

/// Shows: "Reads go on; what the commit touched may be in doubt until then, and is never shown as done."
/// Shows: "Never shows an entry that is not durable."
/// Shows: "What a write reports is durable, as far as Description::durability goes, when the call returns, and nobody reads it before it is."
pub(crate) async fn what_a_failed_commit_may_have_written_is_not_shown(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    let head = yard.head().await;
    yard.plan(Some(Fault::Keep { after: 0 }));
    let settlement = Settlement::new(run.claim, processed());
    yard.storage().settle(vec![settlement]).await.unwrap_err();
    match yard.storage().run(run_id(id, 0)).await {
        Ok(run) => assert!(!run.unwrap().state.is_ended()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::InDoubt),
    }
    assert_eq!(yard.head().await, head);
}
