use std::num::NonZeroU32;
use std::time::Duration;

use crate::conformance::sample::{failed, output, processed, request, valid};
use crate::conformance::yard::{Yard, run_id};
use crate::id::SinkName;
use crate::journal::Sequence;
use crate::storage::{BatchQuery, Ending, InsertReply, PruneRequest, Pruned, RunQuery, SinkStart};
use crate::time::Clock;

const SECOND: Duration = Duration::from_secs(1);

/// Shows: "Deletes old finished batches, and journal entries that nobody needs."
pub(crate) async fn a_pruned_batch_is_gone_with_its_runs(yard: &mut Yard) {
    let id = yard.submit(50).await;
    for run in yard.claim(50).await {
        yard.settle(run, output(&"x".repeat(2_000))).await;
    }
    yard.clock().advance(SECOND);
    let head = yard.head().await;
    let pruned = yard.prune().await;
    assert_eq!((pruned.batches, pruned.entries), (1, head.get()));
    assert!(yard.storage().batch(id).await.unwrap().is_none());
    assert!(yard.storage().run(run_id(id, 0)).await.unwrap().is_none());
    assert!(yard.runs(RunQuery::default()).await.is_empty());
    assert!(yard.journal().await.is_empty());
}

/// Shows: "Never a batch with a run that has not ended."
pub(crate) async fn a_live_batch_is_never_pruned(yard: &mut Yard) {
    let waits = yard.submit(2).await;
    let run = yard.claim_one().await;
    yard.settle(run, output("done")).await;
    let held = yard.submit(1).await;
    yard.claim(2).await;
    let untouched = yard.submit(3).await;
    yard.clock().advance(Duration::from_secs(3_600));
    assert_eq!(yard.prune().await.batches, 0);
    for id in [waits, held, untouched] {
        yard.recount(id).await;
    }
    assert!(yard.run(waits, 0).await.output.is_some());
}

/// Shows: "Deletes old finished batches, and journal entries that nobody needs."
pub(crate) async fn a_batch_that_finished_later_than_asked_stays(yard: &mut Yard) {
    let id = yard.submit(1).await;
    yard.work_off().await;
    assert_eq!(yard.prune().await, Pruned::default());
    yard.recount(id).await;
}

/// Shows: "Never a batch or an entry that a sink has not passed."
pub(crate) async fn nothing_is_pruned_that_a_sink_has_not_passed(yard: &mut Yard) {
    let slow = || SinkName::new("slow").unwrap();
    let quick = || SinkName::new("quick").unwrap();
    for sink in [slow(), quick()] {
        let opened = yard.storage().open_sink(sink, SinkStart::Beginning).await;
        assert_eq!(opened.unwrap(), Sequence::START);
    }
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let head = yard.head().await;
    let advance = |sink, to| yard.storage().advance_sink(sink, to);
    advance(quick(), head).await.unwrap();
    assert_eq!(yard.prune().await, Pruned::default());
    advance(slow(), Sequence::new(head.get() - 1))
        .await
        .unwrap();
    assert_eq!(yard.prune().await.batches, 0);
    assert_eq!(yard.journal().await.last().unwrap().sequence, head);
    advance(slow(), head).await.unwrap();
    assert_eq!(yard.prune().await.batches, 1);
    assert!(yard.journal().await.is_empty());
}

/// Shows: "A position that was trimmed is told by JournalPage::trimmed."
pub(crate) async fn a_reader_that_comes_too_late_is_told(yard: &mut Yard) {
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let trimmed = Sequence::new(yard.prune().await.entries);
    let id = yard.submit(1).await;
    let page = yard
        .storage()
        .journal(Sequence::START, NonZeroU32::MAX)
        .await;
    let page = page.unwrap();
    assert_eq!(page.trimmed, trimmed);
    assert_eq!(page.entries[0].sequence, trimmed.next());
    assert_eq!(page.entries[0].batch, id);
    let sink = SinkName::new("new").unwrap();
    let start = yard.storage().open_sink(sink, SinkStart::Beginning).await;
    assert_eq!(start.unwrap(), trimmed);
}

/// Shows: "Entries are numbered from 1 without gaps, and no number is used twice."
pub(crate) async fn numbers_are_not_used_again_after_everything_was_trimmed(yard: &mut Yard) {
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let trimmed = yard.prune().await.entries;
    assert!(trimmed > 0);
    yard.submit(1).await;
    assert_eq!(yard.journal().await[0].sequence.get(), trimmed + 1);
}

/// Shows: "Entries are numbered from 1 without gaps, and no number is used twice."
pub(crate) async fn numbers_are_not_used_again_after_trimming_and_a_crash(yard: &mut Yard) {
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let trimmed = yard.prune().await.entries;
    yard.crash().await;
    yard.submit(1).await;
    assert_eq!(yard.journal().await[0].sequence.get(), trimmed + 1);
}

/// Shows: "The work of one call is bounded; call again until nothing is pruned."
pub(crate) async fn one_call_prunes_no_more_than_it_was_allowed(yard: &mut Yard) {
    for _ in 0..5 {
        yard.submit(1).await;
    }
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let mut gone = 0;
    while gone < 5 {
        let pruned = yard.prune_once(2).await.batches;
        assert!((1..=2).contains(&pruned), "{pruned} of at most 2");
        gone += pruned;
    }
    assert_eq!(yard.prune_once(2).await.batches, 0);
}

/// Shows: "An idempotency key is kept for as long as the store says, past the pruning of its batch."
pub(crate) async fn a_key_outlives_its_batch_for_the_retention_and_no_longer(yard: &mut Yard) {
    let keyed = || request(1).idempotency_key("k");
    let id = yard.submit_request(keyed()).await;
    yard.work_off().await;
    yard.clock().advance(Duration::from_secs(60));
    assert_eq!(yard.prune().await.batches, 1);
    let replay = yard.insert(valid(keyed())).await;
    assert_eq!(replay, InsertReply::Replayed(id));
    let retention = yard.harness().key_retention();
    yard.clock().advance(retention - Duration::from_secs(120));
    yard.prune().await;
    let replay = yard.insert(valid(keyed())).await;
    assert_eq!(
        replay,
        InsertReply::Replayed(id),
        "a minute before its time"
    );
    yard.clock().advance(Duration::from_secs(120));
    yard.prune().await;
    assert_eq!(yard.insert(valid(keyed())).await, InsertReply::Stored);
}

/// Shows: "Deletes old finished batches, and journal entries that nobody needs."
pub(crate) async fn pruning_one_batch_leaves_its_neighbours_whole(yard: &mut Yard) {
    let old = yard.submit(3).await;
    let kept = yard.submit(3).await;
    for run in yard.claim(6).await {
        if run.claim.run().batch() == old {
            yard.settle(run, processed()).await;
        }
    }
    yard.clock().advance(SECOND);
    assert_eq!(yard.prune().await.batches, 1);
    assert!(yard.storage().batch(old).await.unwrap().is_none());
    yard.recount(kept).await;
    let listed = yard.runs(RunQuery::default()).await;
    assert_eq!(listed.len(), 3);
}

/// Shows: "Of an asked ending only batches that ended so."
pub(crate) async fn batches_are_pruned_by_how_they_ended(yard: &mut Yard) {
    let cancelled = yard.submit(2).await;
    yard.cancel_batch(cancelled).await;
    let with_failures = yard.submit(2).await;
    let mut runs = yard.claim(2).await;
    yard.settle(runs.remove(0), failed("X")).await;
    yard.settle(runs.remove(0), processed()).await;
    let succeeded = yard.submit(2).await;
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let now = yard.clock().now().wall;
    let mut left = vec![cancelled, with_failures, succeeded];
    for (ending, id) in [
        (Ending::WithFailures, with_failures),
        (Ending::Succeeded, succeeded),
        (Ending::Cancelled, cancelled),
    ] {
        let request = PruneRequest::new(now, NonZeroU32::MAX).ending(ending);
        assert_eq!(yard.storage().prune(request).await.unwrap().batches, 1);
        left.retain(|other| *other != id);
        let listed = yard.batches(BatchQuery::default()).await;
        assert_eq!(
            listed.iter().map(|b| b.id).collect::<Vec<_>>(),
            left,
            "{ending}"
        );
    }
}

/// Shows: "Batches and entries each have a moment of their own."
pub(crate) async fn the_journal_is_kept_longer_than_batches_where_asked(yard: &mut Yard) {
    let began = yard.clock().now().wall;
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let before = yard.journal().await;
    let now = yard.clock().now().wall;
    let request = PruneRequest::new(now, NonZeroU32::MAX).journal_before(began);
    let pruned = yard.storage().prune(request).await.unwrap();
    assert_eq!((pruned.batches, pruned.entries), (1, 0));
    assert_eq!(yard.journal().await, before);
}

/// Shows: "Pruned::next says where a call stopped that had more to look at, and the next one goes on from there."
pub(crate) async fn a_prune_gets_past_any_number_of_batches_that_it_keeps(yard: &mut Yard) {
    for _ in 0..1_500 {
        let id = yard.submit(1).await;
        yard.cancel_batch(id).await;
    }
    let last = yard.submit(1).await;
    yard.work_off().await;
    yard.clock().advance(SECOND);
    let now = yard.clock().now().wall;
    let mut request = PruneRequest::new(now, NonZeroU32::MAX).ending(Ending::Succeeded);
    let (mut gone, mut calls) = (0, 0);
    loop {
        let pruned = yard.storage().prune(request).await.unwrap();
        gone += pruned.batches;
        calls += 1;
        request.after = pruned.next;
        if pruned.next.is_none() {
            break;
        }
    }
    assert_eq!(gone, 1);
    assert!(calls < 1_500, "{calls} calls");
    assert!(yard.storage().batch(last).await.unwrap().is_none());
}
