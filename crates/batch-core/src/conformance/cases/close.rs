use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use parking_lot::Mutex;

use crate::conformance::Fault;
use crate::conformance::sample::{
    output, poll_once, processed, renamed, request, step, valid, workflow,
};
use crate::conformance::yard::{LEASE, Yard, run_id};
use crate::id::{BatchId, SinkName, SubmissionId};
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::run::RunState;
use crate::storage::{
    BatchQuery, CancelTarget, ClaimKey, ClaimRequest, ClaimToken, DeleteTarget, ErrorKind,
    NewBatch, PageRequest, PruneRequest, RunQuery, Settlement, SinkStart, Storage, StorageError,
    WorkflowChange,
};

/// Whether a call was refused because the store is closed.
fn is_refused<T>(answer: Result<T, StorageError>) -> bool {
    answer.is_err_and(|error| error.kind() == ErrorKind::Closed)
}

/// Shows: "Lets go of the store, so that it can be opened again in this process at once."
pub(crate) async fn a_closed_store_is_opened_again_at_once_with_all_that_was_in_it(
    yard: &mut Yard,
) {
    let id = yard.submit(40).await;
    for run in yard.claim(10).await {
        yard.settle(run, output("done")).await;
    }
    let other = yard.submit_request(request(3).idempotency_key("k")).await;
    yard.cancel_run(other, 1).await;
    for _ in 0..3 {
        let before = (yard.runs_of(id).await, yard.runs_of(other).await);
        let journal = yard.journal().await;
        let closed = yard.close().await;
        assert_eq!((yard.runs_of(id).await, yard.runs_of(other).await), before);
        assert_eq!(yard.journal().await, journal);
        yard.recount(id).await;
        assert!(is_refused(closed.batch(id).await));
    }
    assert_eq!(yard.claim(64).await.len(), 32);
}

/// Shows: "What is held is given back with nothing counted."
pub(crate) async fn a_run_that_was_held_waits_again_and_nothing_is_counted(yard: &mut Yard) {
    let id = yard.submit(8).await;
    // So often that a run would be taken for what kills its process, were it counted.
    for _ in 0..7 {
        let held = yard.claim(5).await;
        assert_eq!(held.len(), 5);
        let closed = yard.close().await;
        for run in held {
            assert_eq!((run.claim.attempt().get(), run.interruptions), (1, 0));
            let late = Settlement::new(run.claim, processed());
            assert!(is_refused(closed.settle(vec![late]).await));
        }
        for run in yard.runs_of(id).await {
            assert_eq!(run.state, RunState::Pending, "{run:?}");
            assert_eq!((run.attempts, run.interruptions), (0, 0), "{run:?}");
        }
    }
    assert_eq!(yard.claim(64).await.len(), 8);
}

/// Shows: "What is held is given back with nothing counted."
/// Shows: "A run that was asked to stop ends as cancelled, whatever it brings."
pub(crate) async fn a_held_run_that_was_asked_to_stop_ends_cancelled(yard: &mut Yard) {
    let id = yard.submit(3).await;
    let held = yard.claim(2).await;
    yard.cancel_run(id, 0).await;
    yard.close().await;
    assert_eq!(yard.state(id, 0).await, RunState::Cancelled);
    assert_eq!(yard.state(id, 1).await, RunState::Pending);
    drop(held);
    yard.cancel_batch(id).await;
    assert!(yard.batch(id).await.is_finished());
}

/// What each call that changes something says.
async fn writes(storage: &dyn Storage, id: BatchId) -> Vec<(&'static str, bool)> {
    let new = || NewBatch::single(BatchId::generate(), valid(request(1)));
    let claim = ClaimRequest::new(vec![workflow()], NonZeroU32::MIN);
    let target = CancelTarget::Batch(id);
    let sink = || SinkName::new("s").unwrap();
    let prune = PruneRequest::new(jiff::Timestamp::UNIX_EPOCH, NonZeroU32::MIN);
    let change = WorkflowChange::SaveDraft;
    let key = ClaimKey {
        run: run_id(id, 0),
        token: ClaimToken::new(1),
    };
    vec![
        ("insert", is_refused(storage.insert(new()).await)),
        ("claim", is_refused(storage.claim(claim).await)),
        ("settle", is_refused(storage.settle(Vec::new()).await)),
        ("renew", is_refused(storage.renew(Vec::new(), LEASE).await)),
        (
            "record_step",
            is_refused(storage.record_step(key, step("a", "")).await),
        ),
        ("cancel", is_refused(storage.cancel(target).await)),
        (
            "delete",
            is_refused(storage.delete(DeleteTarget::Batch(id)).await),
        ),
        (
            "update_run",
            is_refused(storage.update_run(run_id(id, 0), renamed()).await),
        ),
        (
            "open_sink",
            is_refused(storage.open_sink(sink(), SinkStart::Now).await),
        ),
        (
            "advance_sink",
            is_refused(storage.advance_sink(sink(), Sequence::START).await),
        ),
        ("remove_sink", is_refused(storage.remove_sink(sink()).await)),
        (
            "change_workflow",
            is_refused(storage.change_workflow(workflow(), change).await),
        ),
        ("prune", is_refused(storage.prune(prune).await)),
    ]
}

/// What each call that reads says.
async fn reads(storage: &dyn Storage, id: BatchId) -> Vec<(&'static str, bool)> {
    let submission = SubmissionId::of_first_batch(id);
    let ordinals = OrdinalSet::new();
    let journal = storage.journal(Sequence::START, NonZeroU32::MIN);
    vec![
        ("batch", is_refused(storage.batch(id).await)),
        (
            "batches",
            is_refused(storage.batches(BatchQuery::default()).await),
        ),
        (
            "submission",
            is_refused(storage.submission(submission).await),
        ),
        ("steps", is_refused(storage.steps(run_id(id, 0)).await)),
        ("run", is_refused(storage.run(run_id(id, 0)).await)),
        ("runs", is_refused(storage.runs(RunQuery::default()).await)),
        ("inputs", is_refused(storage.inputs(id, ordinals).await)),
        ("journal", is_refused(journal.await)),
        ("sinks", is_refused(storage.sinks().await)),
        ("workflow", is_refused(storage.workflow(workflow()).await)),
        (
            "workflows",
            is_refused(storage.workflows(PageRequest::default()).await),
        ),
        // Of an entry that is there, so that an open store would not wait.
        ("wait", is_refused(storage.wait(Sequence::START).await)),
    ]
}

/// Shows: "Every later call is refused so."
pub(crate) async fn after_it_every_call_says_that_the_store_is_closed(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let storage = yard.storage();
    storage.close().await.unwrap();
    let mut answers = reads(storage, id).await;
    answers.extend(writes(storage, id).await);
    for (call, refused) in answers {
        assert!(refused, "{call} goes on after the store was closed");
    }
}

/// Shows: "What is under way, waiting included, is done whole or refused with ErrorKind::Closed."
pub(crate) async fn who_waits_is_told_that_the_store_is_closed(yard: &mut Yard) {
    yard.submit(1).await;
    let head = yard.head().await;
    let mut waits = [yard.storage().wait(head), yard.storage().wait(head)];
    for wait in &mut waits {
        assert!(poll_once(wait).await.is_pending());
    }
    yard.storage().close().await.unwrap();
    for wait in waits {
        assert!(is_refused(wait.await));
    }
}

/// Shows: "What is under way, waiting included, is done whole or refused with ErrorKind::Closed."
pub(crate) async fn a_close_amid_calls_leaves_each_of_them_done_or_refused(yard: &mut Yard) {
    let (harness, storage) = (yard.harness(), yard.storage());
    let (done, stored) = (AtomicU32::new(0), Mutex::new(Vec::new()));
    let submit = async || {
        loop {
            let id = BatchId::generate();
            let batch = NewBatch::single(id, valid(request(3)));
            match storage.insert(batch).await {
                Ok(_) => stored.lock().push(id),
                Err(error) => return assert_eq!(error.kind(), ErrorKind::Closed, "{error}"),
            }
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    let close = async || {
        while done.load(Ordering::SeqCst) < 20 {
            thread::yield_now();
        }
        storage.close().await.unwrap();
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| harness.block_on(Box::pin(submit())));
        }
        scope.spawn(|| harness.block_on(Box::pin(close())));
    });
    yard.close().await;
    for id in stored.into_inner() {
        yard.recount(id).await;
    }
    for batch in yard.batches(BatchQuery::default()).await {
        assert_eq!(batch.counts.total(), 3, "{batch:?}");
    }
}

/// Shows: "Closing again is harmless."
pub(crate) async fn closing_again_changes_nothing(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let closed = yard.close().await;
    let held = yard.claim_one().await;
    closed.close().await.unwrap();
    closed.close().await.unwrap();
    yard.settle(held, processed()).await;
    yard.recount(id).await;
}

/// Shows: "Where that could not be recorded the call fails, and the store is closed all the same."
pub(crate) async fn a_close_of_a_store_that_refuses_writes_says_so_where_a_run_is_held(
    yard: &mut Yard,
) {
    let id = yard.submit(2).await;
    yard.claim_one().await;
    yard.plan(Some(Fault::Lose { after: 0 }));
    let lost = CancelTarget::Batch(id);
    assert!(yard.storage().cancel(lost).await.is_err());
    let error = yard.storage().close().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refusing, "{error}");
    assert!(is_refused(yard.storage().batch(id).await));
    yard.plan(None);
    yard.close().await;
    assert_eq!(yard.run(id, 0).await.interruptions, 1);
}

/// Shows: "Where that could not be recorded the call fails, and the store is closed all the same."
pub(crate) async fn a_close_that_cannot_give_back_says_so_and_closes(yard: &mut Yard) {
    let id = yard.submit(2).await;
    yard.claim_one().await;
    yard.plan(Some(Fault::Lose { after: 0 }));
    let error = yard.storage().close().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InDoubt, "{error}");
    assert!(is_refused(yard.storage().batch(id).await));
    yard.plan(None);
    yard.close().await;
    assert_eq!(yard.state(id, 0).await, RunState::Pending);
    assert_eq!(yard.run(id, 0).await.interruptions, 1);
    assert_eq!(yard.claim(9).await.len(), 2);
}
