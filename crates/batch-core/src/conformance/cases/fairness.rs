use std::collections::VecDeque;
use std::num::NonZeroU32;

use crate::batch::Extent;
use crate::conformance::sample::{processed, request, valid};
use crate::conformance::yard::{LEASE, Yard};
use crate::id::{BatchId, SubmissionId};
use crate::request::Fairness;
use crate::storage::{ClaimedRun, Disposition, InsertReply, NewBatch};

/// A batch of so many for somebody.
async fn submit_for(yard: &Yard, inputs: u32, fairness: Fairness) -> BatchId {
    yard.submit_request(request(inputs).fairness(fairness))
        .await
}

fn of(runs: &[ClaimedRun], batch: BatchId) -> usize {
    let of_batch = runs.iter().filter(|run| run.claim.run().batch() == batch);
    of_batch.count()
}

/// A submission of so many batches of a thousand.
async fn submit_thousands(yard: &Yard, batches: u32) {
    let first = BatchId::generate();
    let submission = SubmissionId::of_first_batch(first);
    for part in 0..batches {
        let id = match part {
            0 => first,
            _ => BatchId::generate(),
        };
        let content = valid(request(1_000));
        let mut batch = NewBatch::single(id, content);
        batch.submission = submission;
        batch.part = part;
        batch.extent = match part + 1 == batches {
            true => Extent::Complete,
            false => Extent::Open,
        };
        let reply = yard.storage().insert(batch).await.unwrap();
        assert_eq!(reply, InsertReply::Stored);
    }
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn ten_runs_behind_a_hundred_thousand_see_few_foreign_starts(yard: &mut Yard) {
    // Slots and what is prefetched: the store cannot tell them apart.
    const WINDOW: u32 = 16;
    submit_thousands(yard, 100).await;
    let mut held: VecDeque<_> = yard.claim(WINDOW).await.into();
    let small = yard.submit(10).await;
    let (mut foreign, mut own) = (0, 0);
    while own < 10 {
        let ended = held.pop_front().expect("something is held");
        yard.settle(ended, processed()).await;
        let next = yard.claim_one().await;
        match next.claim.run().batch() == small {
            true => own += 1,
            false => foreign += 1,
        }
        held.push_back(next);
    }
    assert!(foreign <= 10 + WINDOW, "{foreign} foreign runs began");
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn keys_take_turns_whatever_they_submit(yard: &mut Yard) {
    for _ in 0..5 {
        submit_for(yard, 40, Fairness::of("many")).await;
    }
    let few = submit_for(yard, 40, Fairness::of("few")).await;
    let runs = yard.claim(40).await;
    assert_eq!(of(&runs, few), 20);
}

/// Shows: "By priority; among the fairness keys of one priority in turn, each as often as the batch whose turn it is weighs; and among the submissions of one key in turn."
pub(crate) async fn a_key_is_served_as_often_as_it_weighs(yard: &mut Yard) {
    let heavy = submit_for(yard, 100, Fairness::of("heavy").weight(3)).await;
    let light = submit_for(yard, 100, Fairness::of("light")).await;
    let runs = yard.claim(80).await;
    let (heavy, light) = (of(&runs, heavy), of(&runs, light));
    assert!((58..=62).contains(&heavy), "{heavy} and {light}");
    assert_eq!(heavy + light, 80);
}

/// Shows: "Batches without a key are one key together."
pub(crate) async fn batches_without_a_key_are_one_key_together(yard: &mut Yard) {
    let nobody = [yard.submit(40).await, yard.submit(40).await];
    let keyed = submit_for(yard, 40, Fairness::of("k")).await;
    let runs = yard.claim(40).await;
    assert_eq!(of(&runs, keyed), 20);
    assert_eq!(nobody.map(|id| of(&runs, id)), [10, 10]);
}

/// Shows: "While as many runs of a key are held as a batch of it allows, none of that batch is granted."
pub(crate) async fn a_key_holds_no_more_than_its_batches_allow(yard: &mut Yard) {
    let two = Fairness::of("k").most_held(NonZeroU32::new(2).unwrap());
    let first = submit_for(yard, 5, two.clone()).await;
    submit_for(yard, 5, two).await;
    let mut held = yard.claim(64).await;
    assert_eq!(held.len(), 2);
    assert!(yard.claim(64).await.is_empty());
    yard.cancel_run(first, 4).await;
    for back in [processed(), Disposition::Released] {
        yard.settle(held.remove(0), back).await;
        held.extend(yard.claim(64).await);
        assert_eq!(held.len(), 2);
    }
    let other = submit_for(yard, 3, Fairness::of("other")).await;
    let beside = yard.claim(64).await;
    assert_eq!((of(&beside, other), beside.len()), (3, 3));
    // A lease that runs out makes room as well.
    yard.clock().advance(LEASE);
    assert_eq!(yard.claim(64).await.len(), 5);
}

/// Shows: "While as many runs of a key are held as a batch of it allows, none of that batch is granted."
pub(crate) async fn a_key_is_let_go_by_a_dead_process(yard: &mut Yard) {
    let two = Fairness::of("k").most_held(NonZeroU32::new(2).unwrap());
    let id = submit_for(yard, 5, two.clone()).await;
    assert_eq!(yard.claim(64).await.len(), 2);
    yard.crash().await;
    let share = yard.batch(id).await.share.expect("a share was given");
    assert_eq!(Fairness::from(share), two);
    assert_eq!(yard.claim(64).await.len(), 2);
    assert!(yard.claim(64).await.is_empty());
}

/// Shows: "A priority that waits while 256 runs of more urgent ones are granted gets one."
pub(crate) async fn a_low_priority_is_not_passed_over_for_ever(yard: &mut Yard) {
    yard.submit_request(request(600).priority(1)).await;
    let patient = yard.submit_request(request(10).priority(100)).await;
    let runs = yard.claim(256).await;
    assert_eq!((runs.len(), of(&runs, patient)), (256, 0));
    let next = yard.claim_one().await;
    assert_eq!(next.claim.run().batch(), patient);
    let runs = yard.claim(300).await;
    assert_eq!(of(&runs, patient), 1);
}

/// Shows: "Content is all that the caller said: workflow, version asked for, priority, when its runs may begin and until when, for whom it is executed, whether more parts may follow, which batch it retries, and the inputs in their order with their secrets."
pub(crate) async fn another_key_is_other_content(yard: &mut Yard) {
    let keyed = |fairness| request(1).idempotency_key("k").fairness(fairness);
    let first = yard.submit_request(keyed(Fairness::of("a"))).await;
    let again = yard.insert(valid(keyed(Fairness::of("a")))).await;
    assert_eq!(again, InsertReply::Replayed(first));
    let other = yard.insert(valid(keyed(Fairness::of("b")))).await;
    assert_eq!(other, InsertReply::KeyConflict(first));
}
