use batch_core::batch::Extent;
use batch_core::id::{BatchId, SubmissionId};
use batch_core::storage::{
    BatchQuery, InsertReply, NewBatch, OutputDetail, PageSize, RunQuery, SortOrder,
};

use super::yard::{Yard, output, request, valid};

#[tokio::test]
async fn a_page_of_large_outputs_is_cut_by_bytes_and_the_next_goes_on() {
    let yard = Yard::new().await;
    let id = yard.submit(12).await;
    for run in yard.claim(12).await {
        yard.settle(run, output(&"x".repeat(1 << 19))).await;
    }
    let mut query = RunQuery::default();
    query.batch = Some(id);
    query.output = OutputDetail::Included;
    let first = yard.storage().runs(query.clone()).await.unwrap();
    assert!(first.items.len() < 12 && first.next.is_some());
    assert_eq!(yard.runs(query).await.len(), 12);
}

async fn submit_in_parts(yard: &Yard, parts: u32) -> SubmissionId {
    let first = BatchId::generate();
    let submission = SubmissionId::of_first_batch(first);
    for part in 0..parts {
        let id = match part {
            0 => first,
            _ => BatchId::generate(),
        };
        let mut batch = NewBatch::single(id, valid(request(1)));
        (batch.submission, batch.part, batch.extent) = (submission, part, Extent::Open);
        let reply = yard.storage().insert(batch).await.unwrap();
        assert_eq!(reply, InsertReply::Stored);
    }
    submission
}

/// Nobody is sent on to a page that has nothing.
#[tokio::test]
async fn the_batches_of_a_submission_end_with_a_full_page_where_they_fill_it() {
    let yard = Yard::new().await;
    let submission = submit_in_parts(&yard, 4).await;
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let mut query = BatchQuery::default();
        (query.submission, query.order) = (Some(submission), order);
        query.page.size = PageSize::new(2).unwrap();
        let first = yard.storage().batches(query.clone()).await.unwrap();
        query.page.token = first.next;
        assert!(query.page.token.is_some(), "{order:?}");
        let last = yard.storage().batches(query).await.unwrap();
        assert_eq!((last.items.len(), last.next), (2, None), "{order:?}");
    }
}
