use crate::conformance::sample::{failed, kind, output, processed, request, valid};
use crate::conformance::yard::{Yard, run_id};
use crate::id::{BatchId, SinkName};
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::run::RunState;
use crate::storage::{
    BatchQuery, CancelReply, DeleteReply, InsertReply, OutputDetail, RunQuery, SinkStart,
};

fn sink() -> SinkName {
    SinkName::new("slow").unwrap()
}

async fn with_slow_sink(yard: &Yard) {
    let opened = yard.storage().open_sink(sink(), SinkStart::Beginning).await;
    assert_eq!(opened.unwrap(), Sequence::START);
}

/// Shows: "Deletes a finished batch with all its runs, or a run that has ended."
/// Shows: "What was deleted is in no listing and no read."
/// Shows: "Its inputs, outputs and failures are gone with it."
pub(crate) async fn a_deleted_batch_is_gone_with_its_runs(yard: &mut Yard) {
    let id = yard.submit(3).await;
    let kept = yard.submit(2).await;
    for run in yard.claim(9).await {
        yard.settle(run, output(&"x".repeat(2_000))).await;
    }
    assert_eq!(yard.delete_batch(id).await, DeleteReply::Deleted);
    assert!(yard.storage().batch(id).await.unwrap().is_none());
    assert!(yard.storage().run(run_id(id, 0)).await.unwrap().is_none());
    let listed = yard.batches(BatchQuery::default()).await;
    assert_eq!(listed.iter().map(|b| b.id).collect::<Vec<_>>(), [kept]);
    assert_eq!(yard.runs(RunQuery::default()).await.len(), 2);
    let all = OrdinalSet::up_to(3);
    assert!(yard.storage().inputs(id, all).await.unwrap().is_empty());
    assert_eq!(yard.cancel_batch(id).await, CancelReply::NotFound);
    yard.recount(kept).await;
}

/// Shows: "What has not ended is not deleted, and the reply says so."
pub(crate) async fn what_has_not_ended_is_not_deleted(yard: &mut Yard) {
    let id = yard.submit(3).await;
    yard.claim_one().await;
    let replies = [
        (0, DeleteReply::RunNotEnded(RunState::Processing)),
        (1, DeleteReply::RunNotEnded(RunState::Pending)),
    ];
    for (ordinal, expected) in replies {
        assert_eq!(yard.delete_run(id, ordinal).await, expected);
    }
    assert_eq!(yard.delete_batch(id).await, DeleteReply::BatchNotFinished);
    let batch = yard.batch(id).await;
    assert_eq!((batch.counts.total(), batch.deleted), (3, 0));
    yard.recount(id).await;
    assert_eq!(yard.runs_of(id).await.len(), 3);
}

/// Shows: "Repeating the call is safe: what is gone is DeleteReply::NotFound."
pub(crate) async fn deleting_again_or_what_never_was_finds_nothing(yard: &mut Yard) {
    let id = yard.submit(2).await;
    yard.work_off().await;
    assert_eq!(yard.delete_run(id, 1).await, DeleteReply::Deleted);
    let before = yard.head().await;
    assert_eq!(yard.delete_run(id, 1).await, DeleteReply::NotFound);
    assert_eq!(yard.delete_run(id, 2).await, DeleteReply::NotFound);
    assert_eq!(yard.head().await, before, "nothing was written");
    assert_eq!(yard.delete_batch(id).await, DeleteReply::Deleted);
    assert_eq!(yard.delete_batch(id).await, DeleteReply::NotFound);
    assert_eq!(yard.delete_run(id, 0).await, DeleteReply::NotFound);
    let never = yard.delete_batch(BatchId::generate()).await;
    assert_eq!(never, DeleteReply::NotFound);
}

/// Shows: "The counts of a batch go on counting its deleted runs as they ended, and Batch::deleted says how many those are."
pub(crate) async fn a_deleted_run_leaves_the_counts_whole_and_is_counted_as_deleted(
    yard: &mut Yard,
) {
    let id = yard.submit(40).await;
    let mut runs = yard.claim(40).await;
    let last = runs.pop().unwrap();
    for run in runs {
        let how = match run.claim.run().ordinal().get() % 2 {
            0 => failed("X"),
            _ => output(&"long ".repeat(300)),
        };
        yard.settle(run, how).await;
    }
    let before = yard.batch(id).await.counts;
    for ordinal in [0, 1, 17] {
        assert_eq!(yard.delete_run(id, ordinal).await, DeleteReply::Deleted);
    }
    let live = yard.batch(id).await;
    assert_eq!((live.counts, live.deleted), (before, 3));
    yard.recount(id).await;
    yard.settle(last, processed()).await;
    assert_eq!(yard.delete_run(id, 2).await, DeleteReply::Deleted);
    yard.crash().await;
    let over = yard.batch(id).await;
    assert_eq!((over.counts.total(), over.deleted), (40, 4));
    assert_eq!(over.counts.failed, before.failed);
    yard.recount(id).await;
    let left: Vec<_> = yard.runs_of(id).await;
    let gone = |run: &crate::run::Run| [0, 1, 2, 17].contains(&run.id.ordinal().get());
    assert!(left.len() == 36 && !left.iter().any(gone));
    assert!(left.iter().all(|run| run.name.is_some()));
    let reads = [0, 1, 2, 17].map(|n| yard.storage().run(run_id(id, n)));
    for read in reads {
        assert!(read.await.unwrap().is_none());
    }
    let query = RunQuery {
        batch: Some(id),
        output: OutputDetail::Included,
        ..RunQuery::default()
    };
    let outputs = yard.runs(query).await;
    assert_eq!(
        outputs.iter().filter(|run| run.output.is_some()).count(),
        17
    );
}

/// Shows: "The input of a deleted run reads as an empty text without name and metadata."
pub(crate) async fn the_input_of_a_deleted_run_is_blank_and_its_neighbours_are_whole(
    yard: &mut Yard,
) {
    let id = yard.submit(20).await;
    let before = yard
        .storage()
        .inputs(id, OrdinalSet::up_to(20))
        .await
        .unwrap();
    yard.cancel_batch(id).await;
    for ordinal in [0, 7, 19] {
        assert_eq!(yard.delete_run(id, ordinal).await, DeleteReply::Deleted);
    }
    let after = yard
        .storage()
        .inputs(id, OrdinalSet::up_to(20))
        .await
        .unwrap();
    assert_eq!(after.len(), 20);
    for (place, (before, after)) in before.iter().zip(&after).enumerate() {
        match [0, 7, 19].contains(&place) {
            true => assert!(after.name().is_none() && after.metadata().is_empty()),
            false => assert_eq!(before, after),
        }
    }
    yard.recount(id).await;
}

/// Shows: "A delete is in the journal, as the last entry about what is gone."
/// Shows: "A batch that was deleted and that a sink has not passed is read with Batch::deleted_at, so that its events can be told; no listing has it."
pub(crate) async fn a_sink_that_lags_can_still_tell_of_a_deleted_batch(yard: &mut Yard) {
    with_slow_sink(yard).await;
    let id = yard.submit(2).await;
    yard.work_off().await;
    assert_eq!(yard.delete_run(id, 1).await, DeleteReply::Deleted);
    assert_eq!(yard.delete_batch(id).await, DeleteReply::Deleted);
    let told: Vec<_> = yard.journal().await.iter().map(|e| kind(&e.fact)).collect();
    assert_eq!(
        told[told.len() - 3..],
        ["finished", "deleted", "batch deleted"]
    );
    let gone = yard.batch(id).await;
    assert!(gone.deleted_at.is_some() && gone.is_finished());
    assert!(yard.batches(BatchQuery::default()).await.is_empty());
    assert!(yard.runs_of(id).await.is_empty());
    yard.clock().advance(std::time::Duration::from_secs(1));
    assert_eq!(yard.prune().await.batches, 0);
    assert!(yard.storage().batch(id).await.unwrap().is_some());
    let head = yard.head().await;
    yard.storage().advance_sink(sink(), head).await.unwrap();
    yard.prune().await;
    assert!(yard.storage().batch(id).await.unwrap().is_none());
}

/// Shows: "A delete is in the journal, as the last entry about what is gone."
pub(crate) async fn a_batch_is_not_pruned_before_the_sinks_have_passed_the_delete_of_its_run(
    yard: &mut Yard,
) {
    with_slow_sink(yard).await;
    let id = yard.submit(2).await;
    yard.work_off().await;
    let finished = yard.head().await;
    assert_eq!(yard.delete_run(id, 0).await, DeleteReply::Deleted);
    yard.clock().advance(std::time::Duration::from_secs(1));
    yard.storage().advance_sink(sink(), finished).await.unwrap();
    assert_eq!(yard.prune().await.batches, 0);
    yard.recount(id).await;
    let head = yard.head().await;
    yard.storage().advance_sink(sink(), head).await.unwrap();
    assert_eq!(yard.prune().await.batches, 1);
}

/// Shows: "The idempotency key of a deleted batch is kept as that of a pruned one."
pub(crate) async fn the_key_of_a_deleted_batch_still_makes_no_second_one(yard: &mut Yard) {
    let keyed = || request(2).idempotency_key("k");
    let id = yard.submit_request(keyed()).await;
    yard.work_off().await;
    assert_eq!(yard.delete_batch(id).await, DeleteReply::Deleted);
    let replay = yard.insert(valid(keyed())).await;
    assert_eq!(replay, InsertReply::Replayed(id));
}

/// Shows: "What was deleted is in no listing and no read."
pub(crate) async fn what_was_deleted_stays_gone_after_a_crash(yard: &mut Yard) {
    with_slow_sink(yard).await;
    let id = yard.submit(5).await;
    let other = yard.submit(5).await;
    yard.work_off().await;
    assert_eq!(yard.delete_batch(id).await, DeleteReply::Deleted);
    assert_eq!(yard.delete_run(other, 3).await, DeleteReply::Deleted);
    yard.crash().await;
    assert!(yard.runs_of(id).await.is_empty());
    assert!(yard.batch(id).await.deleted_at.is_some());
    assert_eq!(yard.runs_of(other).await.len(), 4);
    yard.recount(other).await;
}
