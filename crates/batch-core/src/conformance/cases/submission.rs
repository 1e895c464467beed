use std::num::NonZeroU32;

use crate::batch::Extent;
use crate::conformance::sample::{request, valid};
use crate::conformance::yard::Yard;
use crate::id::{BatchId, SubmissionId};
use crate::request::VersionSelector;
use crate::storage::{BatchQuery, InsertReply, NewBatch, PageRequest, PageSize, SortOrder};

/// The part of a submission under the key `k`.
fn part(submission: SubmissionId, number: u32, extent: Extent) -> NewBatch {
    let id = match number {
        0 => submission.first_batch(),
        _ => BatchId::generate(),
    };
    let content = valid(request(2).idempotency_key("k"));
    NewBatch {
        submission,
        part: number,
        extent,
        ..NewBatch::single(id, content)
    }
}

/// The third part is the last.
const fn extent_of(number: u32) -> Extent {
    match number {
        2 => Extent::Complete,
        _ => Extent::Open,
    }
}

async fn store_three_parts(yard: &Yard) -> (SubmissionId, Vec<BatchId>) {
    let submission = SubmissionId::of_first_batch(BatchId::generate());
    let mut ids = Vec::new();
    for number in 0..3 {
        let extent = extent_of(number);
        let batch = part(submission, number, extent);
        ids.push(batch.id);
        let reply = yard.storage().insert(batch).await.unwrap();
        assert_eq!(reply, InsertReply::Stored);
        let known = yard.storage().submission(submission).await.unwrap();
        let known = known.unwrap();
        let inputs = u64::from(2 * (number + 1));
        assert_eq!((known.batches, known.inputs), (number + 1, inputs));
        assert_eq!(known.extent, extent);
    }
    (submission, ids)
}

/// Shows: "It counts the batches and inputs stored so far, and is complete once its last part is stored."
pub(crate) async fn a_submission_counts_its_parts_and_is_complete_with_the_last(yard: &mut Yard) {
    let (submission, _) = store_three_parts(yard).await;
    yard.work_off().await;
    let known = yard.storage().submission(submission).await.unwrap();
    assert_eq!(known.unwrap().batches, 3);
}

/// Shows: "Reads a submission; None where there is none."
pub(crate) async fn a_batch_by_itself_is_a_complete_submission(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let submission = SubmissionId::of_first_batch(id);
    let known = yard.storage().submission(submission).await.unwrap();
    let known = known.unwrap();
    assert_eq!((known.batches, known.extent), (1, Extent::Complete));
    assert_eq!(yard.batch(id).await.submission, submission);
    let other = SubmissionId::of_first_batch(BatchId::generate());
    assert_eq!(yard.storage().submission(other).await.unwrap(), None);
}

/// Shows: "A key stands for each part of a submission by itself."
pub(crate) async fn the_parts_of_a_submission_are_replayed_one_by_one(yard: &mut Yard) {
    let (_, ids) = store_three_parts(yard).await;
    let again = SubmissionId::of_first_batch(BatchId::generate());
    for (number, id) in (0..).zip(ids) {
        let batch = part(again, number, extent_of(number));
        let reply = yard.storage().insert(batch).await.unwrap();
        assert_eq!(reply, InsertReply::Replayed(id));
    }
    assert_eq!(yard.storage().submission(again).await.unwrap(), None);
}

/// Shows: "Content is all that the caller said: workflow, version asked for, priority, when its runs may begin and until when, for whom it is executed, whether more parts may follow, which batch it retries, and the inputs in their order with their secrets."
pub(crate) async fn a_part_of_another_place_is_other_content(yard: &mut Yard) {
    let (_, ids) = store_three_parts(yard).await;
    let again = SubmissionId::of_first_batch(BatchId::generate());
    let longer = part(again, 2, Extent::Open);
    let retrying = NewBatch {
        retry_of: Some(ids[0]),
        ..part(again, 2, Extent::Complete)
    };
    for other in [longer, retrying] {
        let reply = yard.storage().insert(other).await.unwrap();
        assert_eq!(reply, InsertReply::KeyConflict(ids[2]));
    }
}

/// Shows: "The version asked for counts with the first part of a submission alone."
pub(crate) async fn a_later_part_is_the_same_whatever_version_it_asks_for(yard: &mut Yard) {
    let (submission, ids) = store_three_parts(yard).await;
    let asking = |number: u32| {
        let content = request(2).idempotency_key("k");
        let content = valid(content.version(VersionSelector::Number(NonZeroU32::MIN)));
        NewBatch {
            id: BatchId::generate(),
            content,
            ..part(submission, number, extent_of(number))
        }
    };
    let reply = yard.storage().insert(asking(1)).await.unwrap();
    assert_eq!(reply, InsertReply::Replayed(ids[1]));
    let reply = yard.storage().insert(asking(0)).await.unwrap();
    assert_eq!(reply, InsertReply::KeyConflict(ids[0]));
}

/// Shows: "Lists batches by id, and those of a submission by part."
pub(crate) async fn the_batches_of_a_submission_are_listed_by_part_in_both_directions(
    yard: &mut Yard,
) {
    yard.submit(1).await;
    let (submission, mut ids) = store_three_parts(yard).await;
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let query = BatchQuery {
            submission: Some(submission),
            order,
            page: PageRequest {
                size: PageSize::new(2).unwrap(),
                token: None,
            },
            ..BatchQuery::default()
        };
        let listed = yard.batches(query).await;
        let listed: Vec<_> = listed.iter().map(|batch| batch.id).collect();
        assert_eq!(listed, ids);
        ids.reverse();
    }
}
